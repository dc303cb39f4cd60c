// SPDX-License-Identifier: Apache-2.0
// toml++, to be included by this header alone. Version 3.3 has its parser assert what only its
// input decides: a file that begins with "[,x]" ended the process, or with NDEBUG and clang was
// undefined behaviour. Without these assertions its parser reports such input as it does all other.
#pragma once

#define TOML_HEADER_ONLY 0 // the parser is compiled once, in toml.cpp

#include <toml++/impl/preprocessor.h>

#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ASSERT_ASSUME(expression) static_assert(true)

#include <toml++/toml.h>
