// SPDX-License-Identifier: Apache-2.0
// Ownership of C library handles without hand-written destructors.
#pragma once

#include <memory>

namespace quoin {

/// A stateless deleter: `std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>`.
template <auto free_function>
struct FreeWith {
    template <typename T>
    void operator()(T* pointer) const noexcept {
        if (pointer != nullptr)
            (void)free_function(pointer);
    }
};

template <typename T, auto free_function>
using Handle = std::unique_ptr<T, FreeWith<free_function>>;

} // namespace quoin
