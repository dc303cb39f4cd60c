// SPDX-License-Identifier: Apache-2.0
// What every fuzz target promises: hostile input is refused with one kind of Error and nothing
// else, and what is accepted is consistent.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

/// The entry point that libFuzzer and the replay program (replay.cpp) share.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace quoin::fuzz {

/// A broken promise ends the process, so that the fuzzer keeps the input.
inline void require(bool promise) {
    if (!promise)
        std::abort();
}

/// What `make` returns; it may not fail any more, since the input was accepted before.
template <typename Make>
auto must(Make&& make) {
    try {
        return make();
    } catch (const Error&) {
        std::abort();
    }
}

/// Runs `check`; any exception but an expected Error is a broken promise. Returns 0, as libFuzzer
/// wants.
inline int run(void (*check)(ByteView), ByteView input,
               std::initializer_list<ErrorCode> expected = {ErrorCode::refused}) {
    try {
        check(input);
    } catch (const Error& e) {
        require(std::find(expected.begin(), expected.end(), e.code()) != expected.end());
    }
    return 0;
}

} // namespace quoin::fuzz
