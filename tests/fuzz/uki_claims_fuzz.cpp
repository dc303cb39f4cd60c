// SPDX-License-Identifier: Apache-2.0
// What a UKI says about its root, to whoever looks at it on the host. Early userspace, which reads
// the same command line on the node, must not understand it differently.
#include "builder/artifacts/artifact.hpp"
#include "early/command_line.hpp"
#include "fuzz_target.hpp"

#include <optional>

using namespace quoin;

static std::optional<early::CommandLine> as_the_node_reads(const std::string& text) {
    try {
        return early::parse_command_line(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

static void check_claims(ByteView input) {
    const UkiClaims claims = read_uki_claims(input);
    fuzz::require(claims.salt.size() == VerityParameters{}.salt.size());
    for (const std::string* text :
         {&claims.command_line, &claims.os_release, &claims.kernel_release})
        fuzz::require(text->find('\0') == std::string::npos && text->size() <= input.size());
    const auto node = as_the_node_reads(claims.command_line);
    if (!node)
        return;
    fuzz::require(node->root_hash == claims.root_hash.hex());
    fuzz::require(node->salt == to_hex(claims.salt) && node->blocks == claims.data_blocks);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_claims, {data, size});
}
