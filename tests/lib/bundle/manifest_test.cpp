// SPDX-License-Identifier: Apache-2.0
#include "bundle/manifest.hpp"

#include "base/error.hpp"
#include "sample_bundle.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

static std::string sample_text() {
    Manifest manifest = Sample().manifest;
    manifest.index_size = 200;
    manifest.index_sha256 = sha256(bytes_of("index"));
    manifest.data_size = manifest.root_size + manifest.uki_size;
    manifest.contents_size = 100;
    manifest.contents_sha256 = sha256(bytes_of("contents"));
    return manifest.serialize();
}

/// The sample with `from`, which occurs in it, replaced.
static std::string changed(const std::string& from, const std::string& to) {
    std::string text = sample_text();
    const std::size_t place = text.find(from);
    REQUIRE(place != std::string::npos);
    return text.replace(place, from.size(), to);
}

static std::string refusal_of(const std::string& text) {
    try {
        (void)Manifest::parse(text);
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        return e.what();
    }
    return "accepted";
}

TEST_CASE("a manifest comes back as it was written, byte for byte") {
    const std::string text = sample_text();
    const Manifest manifest = Manifest::parse(text);
    CHECK(manifest.serialize() == text);
    CHECK(manifest.id == "node");
    CHECK(manifest.version == "1.2.3");
    CHECK(manifest.tries == 3);
    CHECK(manifest.root_size == 24576);
    CHECK(manifest.data_size == 26076);
    CHECK(manifest.verity_uuid == Sample().manifest.verity_uuid);
    CHECK(text.back() == '\n');
}

TEST_CASE("an unknown, missing or mistyped field is refused by name") {
    CHECK_THAT(refusal_of(changed("\"format\"", "\"more\": 1,\n  \"format\"")),
               Contains("does not know"));
    CHECK_THAT(refusal_of(changed("  \"id\": \"node\",\n", "")), Contains("'id' is missing"));
    CHECK_THAT(refusal_of(changed("\"hash\"", "\"mash\"")), Contains("'root.hash' is missing"));
    CHECK_THAT(refusal_of(changed("\"node\"", "7")), Contains("is not acceptable"));
    CHECK_THAT(refusal_of(changed("\"security_epoch\": 0", "\"security_epoch\": \"0\"")),
               Contains("'security_epoch' is not a non-negative whole number"));
    CHECK_THAT(refusal_of(changed("24576", "[]")), Contains("'root.size'"));
    CHECK_THAT(refusal_of("[]"), Contains("not an object"));
}

TEST_CASE("numbers that are negative, broken, or out of range are refused") {
    for (const char* number : {"-24576", "24576.0", "2.4576e4", "24577", "0", "281474976710656",
                               "18446744073709551616", "true", "null", "024576", "0x6000"}) {
        CAPTURE(number);
        CHECK(refusal_of(changed("24576", number)) != "accepted");
    }
    CHECK(refusal_of(changed("\"tries\": 3", "\"tries\": 0")) != "accepted");
    CHECK(refusal_of(changed("\"tries\": 3", "\"tries\": 10")) != "accepted");
    CHECK(refusal_of(changed("\"format\": 1", "\"format\": 2")) != "accepted");
}

TEST_CASE("sizes that do not add up are refused") {
    CHECK_THAT(refusal_of(changed("\"index_size\": 0", "\"index_size\": 1")),
               Contains("'patches.index_size' is 1, not between 0 and 0"));
    CHECK_THAT(refusal_of(changed("26076", "26077")), Contains("not the sum"));
    CHECK_THAT(refusal_of(changed("24576", "28672")), Contains("not the sum"));
}

TEST_CASE("no id or version from a manifest can become a path") {
    for (const char* name : {"..", "../x", "a/b", "", ".", "a\\u0000b", "a\\nb", "NODE", "a_b"}) {
        CAPTURE(name);
        CHECK_THAT(refusal_of(changed("\"node\",\n  \"index",
                                      std::string("\"") + name + "\",\n  \"index")),
                   Contains("'id' is not acceptable"));
    }
    for (const char* version : {"../1", "1/2", "", "1+2", "1_2", "12345678901234567", "1 2"}) {
        CAPTURE(version);
        CHECK_THAT(refusal_of(changed("1.2.3", version)), Contains("'version' is not acceptable"));
    }
    CHECK_THAT(refusal_of(changed("x86-64", "riscv")), Contains("'architecture'"));
    CHECK_THAT(refusal_of(changed("\"compatible\": \"node\"", "\"compatible\": \"\\u001b[2J\"")),
               Contains("'compatible'"));
}

TEST_CASE("one meaning has one spelling") {
    CHECK_THAT(refusal_of(changed("\"tries\": 3", "\"tries\":  3")), Contains("canonical"));
    CHECK_THAT(refusal_of(changed("\"tries\": 3", "\"tries\": 3,\n  \"tries\": 3")),
               Contains("canonical"));
    CHECK_THAT(refusal_of(changed("\"tries\": 3", "\"tries\": 2,\n  \"tries\": 3")),
               Contains("canonical"));
    CHECK_THAT(refusal_of(changed("\"id\"", "\"\\u0069d\"")), Contains("canonical"));
    CHECK_THAT(refusal_of(sample_text() + "\n"), Contains("canonical"));
    CHECK_THAT(refusal_of(sample_text() + "{}"), Contains("not JSON"));
    CHECK_THAT(refusal_of("\xef\xbb\xbf" + sample_text()), Contains("canonical"));
    const std::string hash = Sample().manifest.root_hash.hex();
    std::string capitals = hash;
    for (char& c : capitals)
        c = static_cast<char>(std::toupper(c));
    REQUIRE(capitals != hash);
    CHECK_THAT(refusal_of(changed(hash, capitals)), Contains("canonical"));
}

TEST_CASE("hostile JSON is refused without harm") {
    CHECK_THAT(refusal_of(""), Contains("not JSON"));
    CHECK_THAT(refusal_of(std::string(1000, '\0')), Contains("not JSON"));
    CHECK_THAT(refusal_of(std::string(60'000, '[')), Contains("nested too deeply"));
    CHECK_THAT(refusal_of("{\"root\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}"),
               Contains("nested too deeply"));
    CHECK_THAT(refusal_of(std::string(70'000, ' ')), Contains("larger than 64 KiB"));
    CHECK_THAT(refusal_of("{\"id\":\"\xff\"}"), Contains("not JSON"));
    CHECK_THAT(refusal_of("\"" + std::string(1000, 'x') + "\""), Contains("not an object"));
}

TEST_CASE("a manifest cut anywhere is refused") {
    const std::string text = sample_text();
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        REQUIRE(refusal_of(text.substr(0, size)) != "accepted");
    }
}
