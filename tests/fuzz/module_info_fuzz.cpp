// SPDX-License-Identifier: Apache-2.0
// A kernel module: ELF headers that point into the file.
#include "builder/stages/module_info.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_module(ByteView input) {
    const ModuleInfo info = parse_module_info(input, "input.ko");
    std::size_t size = 0;
    for (const auto* list : {&info.depends, &info.softdeps, &info.aliases, &info.firmware})
        for (const std::string& text : *list) {
            fuzz::require(text.find('\0') == std::string::npos);
            size += text.size();
        }
    fuzz::require(size <= input.size()); // nothing is read twice
    for (const std::string& name : info.depends)
        fuzz::require(!name.empty() && name.find(',') == std::string::npos);
    for (const std::string& name : info.softdeps)
        fuzz::require(!name.empty() && name.find(' ') == std::string::npos);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_module, {data, size}, {ErrorCode::failed});
}
