// SPDX-License-Identifier: Apache-2.0
// What the commands of `quoin` have in common on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace quoin {

/// --quiet, --verbose and, where a command reports, --json.
struct CommonOptions {
    bool json = false;
};

/// Which of the common options a command has.
enum class Reports { nothing, json };

/// Adds a command to `parent`: one line of summary, then examples, which its help shows before the
/// options. The common options are added; --quiet and --verbose take effect when parsed.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples, CommonOptions& common, Reports reports);

/// Help with examples first; a command's summary alone in the list of commands.
[[nodiscard]] std::shared_ptr<CLI::Formatter> help_formatter();

// One function a command, each in a file of its name: adds the command, which does its work while
// the command line is being parsed and throws Error.
void add_keys_command(CLI::App& quoin);
void add_build_command(CLI::App& quoin);
void add_inspect_command(CLI::App& quoin);
void add_verify_command(CLI::App& quoin);
void add_diff_command(CLI::App& quoin);
void add_run_command(CLI::App& quoin);

} // namespace quoin
