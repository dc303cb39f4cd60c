// SPDX-License-Identifier: Apache-2.0
#include "disk/uki.hpp"

#include "base/error.hpp"
#include "disk/slot_index.hpp"
#include "scratch.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

using namespace quoin;
using namespace quoin::test;

namespace {

constexpr const char* stub_path = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/// systemd's stub; empty, and said why, where its package is not installed.
Bytes read_stub() {
    if (!exists(stub_path)) {
        WARN("skipped: no stub; install the package systemd-boot-efi");
        return {};
    }
    return read_file(stub_path, 1 << 20);
}

std::vector<UkiSection> example_sections() {
    return {{".osrel", filler(333, 1)},
            {".cmdline", Bytes{'r', 'o'}},
            {".uname", filler(16, 2)},
            {".initrd", filler((2 << 20) + 77, 3)},
            {".linux", filler(100'000, 4)}};
}

std::uint32_t load_le32(ByteView file, std::size_t offset) {
    return load<le32>(file.subspan(offset));
}

} // namespace

TEST_CASE("a UKI holds the stub's sections and the added ones, exactly") {
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    const Bytes uki = assemble_uki(stub, example_sections());
    CHECK(uki.size() % 8 == 0);
    for (const UkiSection& section : example_sections())
        CHECK((uki_section(uki, section.name) == section.content));
    for (const UkiSectionPlace& place : uki_sections(stub))
        CHECK((uki_section(uki, place.name) == uki_section(stub, place.name)));
    CHECK(uki_sections(uki).size() == uki_sections(stub).size() + example_sections().size());
    CHECK(uki_section(uki, ".none").empty());
    CHECK((assemble_uki(stub, example_sections()) == uki));
}

TEST_CASE("objdump sees the added sections at pages of their own, .linux as code") {
    const Bytes stub = read_stub();
    const std::string objdump = find_program("objdump");
    if (stub.empty() || objdump.empty())
        return;
    const Scratch scratch;
    const std::string path = scratch.write("uki.efi", assemble_uki(stub, example_sections()));
    std::istringstream lines(run_checked({objdump, "-h", "-w", path}));
    std::uint64_t memory_end = 0;
    std::size_t added = 0;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        std::size_t number = 0;
        std::uint64_t size = 0;
        std::uint64_t address = 0;
        if (!(words >> number >> name >> std::hex >> size >> address))
            continue;
        CAPTURE(line);
        CHECK(address >= memory_end);
        memory_end = address + size;
        for (const UkiSection& section : example_sections()) {
            if (section.name != name)
                continue;
            ++added;
            CHECK(address % 4096 == 0);
            CHECK(size == section.content.size());
            CHECK((line.find("CODE") != line.npos) == (name == ".linux"));
        }
    }
    CHECK(added == example_sections().size());
}

TEST_CASE("sizes and checksum in the headers of a UKI are made anew") {
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    const Bytes uki = assemble_uki(stub, example_sections());
    const std::size_t optional = load_le32(uki, 0x3c) + 24;
    const std::uint32_t section_alignment = load_le32(uki, optional + 32);
    const std::uint32_t image_size = load_le32(uki, optional + 56);
    CHECK(load_le32(uki, optional + 64) == 0); // checksum
    CHECK(image_size % section_alignment == 0);
    CHECK(image_size > (2 << 20) + 100'000);
    CHECK(load_le32(uki, optional + 8) > load_le32(stub, optional + 8) + (2 << 20));
    CHECK(load_le32(uki, optional + 4) == load_le32(stub, optional + 4) + 100'352);
    CHECK(load_le32(uki, optional - 12) == 0); // symbol table
}

TEST_CASE("a UKI can be signed for Secure Boot, and is then read the same") {
    const Bytes stub = read_stub();
    const std::string sbsign = find_program("sbsign");
    const std::string sbverify = find_program("sbverify");
    const std::string openssl = find_program("openssl");
    if (stub.empty() || sbsign.empty() || sbverify.empty() || openssl.empty())
        return;
    const Scratch scratch;
    const std::string key = scratch.path("key.pem");
    const std::string certificate = scratch.path("certificate.pem");
    run_checked({openssl, "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                 "-subj", "/CN=test", "-keyout", key, "-out", certificate});
    const std::string plain = scratch.write("uki.efi", assemble_uki(stub, example_sections()));
    const std::string signed_uki = scratch.path("signed.efi");
    const auto signing =
        run({sbsign, "--key", key, "--cert", certificate, "--output", signed_uki, plain});
    REQUIRE(signing.status == 0);
    CHECK(signing.errors.find("warning") == std::string::npos); // about gaps between sections
    CHECK(run({sbverify, "--list", plain}).errors.find("No signature table") != std::string::npos);
    run_checked({sbverify, "--cert", certificate, signed_uki});

    const Bytes uki = content_of(signed_uki);
    for (const UkiSection& section : example_sections())
        CHECK((uki_section(uki, section.name) == section.content));
    CHECK_THROWS_AS(assemble_uki(uki, {{".dtb", Bytes(1)}}), Error); // signed already
    CHECK(has_whole_signatures(uki));
    CHECK_FALSE(has_whole_signatures(ByteView(uki).first(uki.size() - 1)));
    CHECK_FALSE(has_whole_signatures(content_of(plain)));
}

TEST_CASE("what cannot become a UKI is refused") {
    CHECK_THROWS_AS(assemble_uki({}, example_sections()), Error);
    CHECK_THROWS_AS(assemble_uki(filler(5000), example_sections()), Error);
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    CHECK_THROWS_AS(assemble_uki(stub, {{".linux", {}}}), Error);
    CHECK_THROWS_AS(assemble_uki(stub, {{"", Bytes(1)}}), Error);
    CHECK_THROWS_AS(assemble_uki(stub, {{".linuxxxx", Bytes(1)}}), Error);
    CHECK_THROWS_AS(assemble_uki(stub, {{".sbat", Bytes(1)}}), Error);
    CHECK_THROWS_AS(assemble_uki(stub, {{".linux", Bytes(1)}, {".linux", Bytes(1)}}), Error);

    std::vector<UkiSection> many;
    for (char c = 'a'; c <= 'z'; ++c)
        many.push_back({std::string(".") + c, Bytes(1)});
    CHECK_THROWS_AS(assemble_uki(stub, many), Error); // no room for their headers
}

TEST_CASE("a UKI that ends early is refused") {
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    const Bytes uki = assemble_uki(stub, {{".linux", filler(1000)}});
    for (std::size_t size = 0; size < uki.size(); size += size < 1024 ? 1 : 509)
        CHECK_THROWS_AS(uki_sections(ByteView(uki).first(size)), Error);
}

TEST_CASE("headers with any byte set to its extremes are read or refused, never followed outside") {
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    Bytes uki = assemble_uki(stub, {{".linux", filler(1000)}});
    for (std::size_t at = 0; at < 1024; ++at)
        for (const std::uint8_t value : Bytes{0x00, 0x80, 0xff}) {
            const std::uint8_t kept = std::exchange(uki[at], value);
            try {
                for (const UkiSectionPlace& place : uki_sections(uki)) {
                    REQUIRE(place.offset <= uki.size());
                    REQUIRE(place.size <= uki.size() - place.offset);
                }
                (void)assemble_uki(uki, {{".osrel", Bytes(1)}});
            } catch (const Error& error) {
                REQUIRE(error.code() == ErrorCode::refused);
            }
            uki[at] = kept;
        }
}

TEST_CASE("the index of a UKI covers every byte once and cuts at sections") {
    const Bytes stub = read_stub();
    if (stub.empty())
        return;
    const Bytes uki = assemble_uki(stub, example_sections());
    const auto chunks = index_uki(uki);
    std::uint64_t offset = 0;
    std::vector<std::uint64_t> starts;
    for (const Chunk& chunk : chunks) {
        REQUIRE(chunk.size > 0);
        REQUIRE(chunk.size <= max_chunk_size);
        REQUIRE(offset + chunk.size <= uki.size());
        CHECK(chunk.kind == ChunkKind::uki);
        CHECK(chunk.hash == chunk_hash(ByteView(uki).subspan(offset, chunk.size)));
        starts.push_back(offset);
        offset += chunk.size;
    }
    CHECK(offset == uki.size());
    for (const UkiSectionPlace& place : uki_sections(uki)) {
        CHECK(std::find(starts.begin(), starts.end(), place.offset) != starts.end());
        CHECK(std::find(starts.begin(), starts.end(), place.offset + place.size) != starts.end());
    }
    CHECK_THROWS_AS(index_uki(filler(10'000)), Error);
}

TEST_CASE("a word's value is found on a kernel command line") {
    const std::string_view line = "quiet roothash=abc  \"spaced=a b\" other=\"c d\"\tempty= ro\n";
    CHECK(command_line_value(line, "roothash") == "abc");
    CHECK(command_line_value(line, "spaced") == "a b");
    CHECK(command_line_value(line, "other") == "c d");
    CHECK(command_line_value(line, "empty") == "");
    CHECK_FALSE(command_line_value(line, "ro"));
    CHECK_FALSE(command_line_value(line, "hash"));
    CHECK_FALSE(command_line_value("", "roothash"));
    CHECK(command_line_value(std::string_view("a=1\0", 4), "a") == "1");
    CHECK_THROWS_AS(command_line_value("a=1 a=1", "a"), Error);
}
