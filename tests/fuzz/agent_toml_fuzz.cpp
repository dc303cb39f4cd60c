// SPDX-License-Identifier: Apache-2.0
// The agent's configuration: on a node anybody who is root writes it, in an image its maker.
#include "agent/configuration.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

using namespace quoin;

static void check_configuration(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    const Configuration read = read_configuration({file.path()});
    fuzz::require(read.health_deadline > 0 && read.health_timeout > 0 && read.fetch_deadline > 0);
    fuzz::require(!read.fetch_maximum_rate || *read.fetch_maximum_rate >= read.fetch_minimum_rate);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_configuration, {data, size}, {ErrorCode::usage});
}
