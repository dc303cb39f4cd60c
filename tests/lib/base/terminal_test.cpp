// SPDX-License-Identifier: Apache-2.0
#include "base/terminal.hpp"

#include "support/catch.hpp"

using namespace quoin;

TEST_CASE("ordinary text in any language stays as it is") {
    CHECK(printable("cannot write 'node': no space") == "cannot write 'node': no space");
    CHECK(printable("Bücher 本 🙂") == "Bücher 本 🙂");
    CHECK(printable("").empty());
}

TEST_CASE("escape sequences and control characters lose their power") {
    CHECK(printable("\033[2Jgone") == "\\x1b[2Jgone");
    CHECK(printable("a\nb\rc\td\x7f") == "a\\x0ab\\x0dc\\x09d\\x7f");
    CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
    // C1 controls, encoded and raw: a lone 0x9b starts a sequence on some terminals.
    CHECK(printable("\xc2\x9b"
                    "2J") == "\\xc2\\x9b2J");
    CHECK(printable("\x9b"
                    "2J") == "\\x9b2J");
}

TEST_CASE("malformed UTF-8 is shown as bytes") {
    CHECK(printable("\xc3") == "\\xc3");
    CHECK(printable("\xe6\x9c!") == "\\xe6\\x9c!");
    CHECK(printable("\xff\xc0\xaf") == "\\xff\\xc0\\xaf");
}
