// SPDX-License-Identifier: Apache-2.0
#include "early/command_line.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::early;

static const std::string root_hash =
    "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
static const std::string salt(64, 'a');
static const std::string good =
    "roothash=" + root_hash + " quoin.salt=" + salt + " quoin.blocks=12345";

TEST_CASE("the words that open the root are found among others") {
    const CommandLine line =
        parse_command_line("console=ttyS0 " + good + " panic=10 gpt ro\tquoin.other=1\n");
    CHECK(line.root_hash == root_hash);
    CHECK(line.salt == salt);
    CHECK(line.blocks == 12345);
    CHECK(line.init == "/sbin/init");
}

TEST_CASE("the halves of the root hash are the partition UUIDs, digits in textual order") {
    const CommandLine line = parse_command_line(good);
    CHECK(line.root_uuid().text() == "00112233-4455-6677-8899-aabbccddeeff");
    CHECK(line.verity_uuid().text() == "01234567-89ab-cdef-0123-456789abcdef");
}

TEST_CASE("upper-case digits are understood and become lower-case") {
    const CommandLine line = parse_command_line("roothash=" + std::string(64, 'B') +
                                                " quoin.salt=" + salt + " quoin.blocks=1");
    CHECK(line.root_hash == std::string(64, 'b'));
}

TEST_CASE("quotes keep a word together, so nothing inside one is taken for a word") {
    const CommandLine line =
        parse_command_line(good + " dyndbg=\"file x.c +p init=/bin/sh\" quiet");
    CHECK(line.init == "/sbin/init");
}

TEST_CASE("another init is started when the command line names one") {
    CHECK(parse_command_line(good + " init=/usr/bin/other").init == "/usr/bin/other");
    CHECK_THROWS_WITH(parse_command_line(good + " init=sh"),
                      Catch::Matchers::Contains("'init=' is not an absolute path"));
}

TEST_CASE("a word that is missing is named") {
    CHECK_THROWS_WITH(parse_command_line("ro quiet"),
                      "cannot use the kernel command line: 'roothash=' is missing");
    CHECK_THROWS_WITH(parse_command_line("roothash=" + root_hash),
                      "cannot use the kernel command line: 'quoin.salt=' is missing");
}

TEST_CASE("a word given twice is refused even when both agree") {
    CHECK_THROWS_WITH(parse_command_line(good + " roothash=" + root_hash),
                      "cannot use the kernel command line: 'roothash=' is given twice");
}

TEST_CASE("a hash of another length or with other characters is refused") {
    for (const std::string& hash :
         {root_hash.substr(1), root_hash + "00", root_hash.substr(2) + "zz", std::string()})
        CHECK_THROWS_AS(
            parse_command_line("roothash=" + hash + " quoin.salt=" + salt + " quoin.blocks=1"),
            Error);
}

TEST_CASE("a number of blocks must be one, and its bytes must fit 64 bits") {
    const std::string start = "roothash=" + root_hash + " quoin.salt=" + salt + " quoin.blocks=";
    for (const char* bad :
         {"", "0", "-1", "12x", "0x10", " 1", "4503599627370496", "18446744073709551616"})
        CHECK_THROWS_AS(parse_command_line(start + bad), Error);
    CHECK(parse_command_line(start + "4503599627370495").blocks == 4503599627370495ULL);
}
