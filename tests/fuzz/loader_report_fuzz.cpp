// SPDX-License-Identifier: Apache-2.0
// EFI variables, which firmware keeps and any system may set. Whatever is in them, the boot goes
// on: there is a report.
#include "early/efi_variables.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

using namespace quoin;

static std::string directory_of(const std::string& variable) {
    static const TemporaryDirectory directory;
    const std::string link =
        directory.path() + "/LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
    if (::symlink(variable.c_str(), link.c_str()) != 0)
        throw system_error("cannot make a link");
    return directory.path();
}

/// As a loader writes it.
static Bytes variable_of(const Uuid& uuid) {
    Bytes content(4);
    for (const char c : uuid.text())
        content.insert(content.end(), {static_cast<std::uint8_t>(c), 0});
    return content;
}

static void check_report(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    static const std::string directory = directory_of(file.path());
    const early::LoaderReport report = early::read_loader_report(directory);
    fuzz::require(!report.counted);
    fuzz::require(input.size() > 4096 || report.esp == early::uuid_from_variable(input));
    if (report.esp)
        fuzz::require(early::uuid_from_variable(variable_of(*report.esp)) == report.esp);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_report, {data, size}, {});
}
