// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/commands.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"

#include <unistd.h>

namespace quoin::commands {

void print(const std::string& text) {
    write_all(FdRef(STDOUT_FILENO), bytes_of(text), "standard output");
}

void report(const std::string& sentence) {
    if (verbosity() != Verbosity::quiet)
        print(sentence + "\n");
}

void require_live(const Invocation& invocation, const std::string& command) {
    const NodeOptions& node = invocation.node;
    if (!node.disk.empty() || !node.esp.empty() || !node.state.empty())
        throw Error(ErrorCode::usage, command + " works on the running node only");
}

} // namespace quoin::commands
