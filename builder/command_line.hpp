// SPDX-License-Identifier: Apache-2.0
// The command line of `quoin`. The only file that knows CLI11.
#pragma once

namespace quoin {

/// Parses the command line and runs the command it names: the program's exit status. A wrong
/// command line is said on standard error; commands throw Error.
int run_command_line(int argc, char** argv);

} // namespace quoin
