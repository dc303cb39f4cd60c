// SPDX-License-Identifier: Apache-2.0
// Catch2 2 wants its main compiled somewhere; Catch2 3 has its own library, and this file is then
// only the session start.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
int main(int argc, char** argv) {
    return Catch::Session().run(argc, argv);
}
#else
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#endif
