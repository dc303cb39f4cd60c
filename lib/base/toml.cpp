// SPDX-License-Identifier: Apache-2.0
// The one copy of toml++'s parser, linked statically: a node's root need not have the library.
#define TOML_IMPLEMENTATION
#include "base/toml.hpp"
