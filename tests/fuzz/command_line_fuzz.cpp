// SPDX-License-Identifier: Apache-2.0
// The kernel's command line, to which a boot loader's operator may add.
#include "early/command_line.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_command_line(ByteView input) {
    const early::CommandLine line = early::parse_command_line(text_of(input));
    fuzz::require(line.root_hash.size() == 64 && line.salt.size() == 64);
    fuzz::require(line.blocks > 0 && line.blocks <= UINT64_MAX / 4096);
    fuzz::require(line.init.starts_with('/'));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_command_line, {data, size});
}
