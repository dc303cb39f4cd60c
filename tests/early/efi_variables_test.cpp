// SPDX-License-Identifier: Apache-2.0
#include "early/efi_variables.hpp"

#include "base/file.hpp"
#include "support/catch.hpp"

#include <filesystem>

using namespace quoin;
using namespace quoin::early;

/// As efivarfs shows it: attributes, then UTF-16LE.
static Bytes variable(std::string_view text) {
    Bytes content{6, 0, 0, 0};
    for (const char c : text) {
        content.push_back(static_cast<std::uint8_t>(c));
        content.push_back(0);
    }
    return content;
}

static const std::string uuid_text = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

TEST_CASE("the loader's UUID is read with and without a terminating zero") {
    const Uuid expected = Uuid::parse(uuid_text).value();
    CHECK(uuid_from_variable(variable(uuid_text)) == expected);
    CHECK(uuid_from_variable(variable(uuid_text + std::string(1, '\0'))) == expected);
}

TEST_CASE("what is not a UUID in UTF-16 is nothing") {
    CHECK_FALSE(uuid_from_variable({}));
    CHECK_FALSE(uuid_from_variable(bytes_of("abc")));
    CHECK_FALSE(uuid_from_variable(variable("")));
    CHECK_FALSE(uuid_from_variable(variable(uuid_text.substr(1))));
    Bytes foreign = variable(uuid_text);
    foreign[5] = 1;
    CHECK_FALSE(uuid_from_variable(foreign));
    Bytes cut = variable(uuid_text);
    cut.pop_back();
    CHECK_FALSE(uuid_from_variable(cut));
}

TEST_CASE("a variable that cannot be read, or is too long, is none: the boot goes on") {
    const TemporaryDirectory directory;
    const std::string path =
        directory.path() + "/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    SECTION("too long") {
        replace_file_durably(path, variable(uuid_text + std::string(3000, '\0')));
    }
    SECTION("a read error") {
        std::filesystem::create_directory(path); // EISDIR
    }
    CHECK_FALSE(read_loader_report(directory.path()).esp);
}

TEST_CASE("a boot is counted when the loader left the path of the counted entry") {
    const TemporaryDirectory directory;
    const std::string vendor = "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    LoaderReport report = read_loader_report(directory.path());
    CHECK_FALSE(report.esp);
    CHECK_FALSE(report.counted);

    replace_file_durably(directory.path() + "/LoaderDevicePartUUID" + vendor, variable(uuid_text));
    report = read_loader_report(directory.path());
    CHECK(report.esp == Uuid::parse(uuid_text));
    CHECK_FALSE(report.counted);

    replace_file_durably(directory.path() + "/LoaderBootCountPath" + vendor, variable("\\x"));
    CHECK(read_loader_report(directory.path()).counted);
}
