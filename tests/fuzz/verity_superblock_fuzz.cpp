// SPDX-License-Identifier: Apache-2.0
// A verity superblock, unsigned: one that we would have made is the same when we make it again.
#include "disk/verity.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static void check_superblock(ByteView input) {
    const auto parsed = parse_verity_superblock(input);
    if (!parsed)
        return;
    VerityParameters parameters;
    fuzz::require(parsed->salt.size() <= 256);
    if (parsed->salt.size() != parameters.salt.size())
        return;
    parameters.uuid = parsed->uuid;
    std::ranges::copy(parsed->salt, parameters.salt.begin());
    const auto again =
        parse_verity_superblock(make_verity_superblock(parameters, parsed->data_blocks));
    fuzz::require(again && again->uuid == parsed->uuid && again->salt == parsed->salt &&
                  again->data_blocks == parsed->data_blocks);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_superblock, {data, size}, {});
}
