// SPDX-License-Identifier: Apache-2.0
// `quoin`: from a recipe to images and bundles, and what people ask of them. The one place where an
// error becomes a message and an exit code.
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/command_line.hpp"
#include "builder/interruption.hpp"

int main(int argc, char** argv) {
    quoin::catch_interruptions();
    try {
        return quoin::run_command_line(argc, argv);
    } catch (const quoin::Error& error) {
        quoin::say_error(error.what());
        return quoin::exit_code(error.code());
    } catch (const std::exception& error) { // out of memory, a bug: still no half-made outputs
        quoin::say_error(error.what());
        return quoin::exit_code(quoin::ErrorCode::failed);
    }
}
