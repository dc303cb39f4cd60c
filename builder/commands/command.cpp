// SPDX-License-Identifier: Apache-2.0
#include "builder/commands/command.hpp"

#include "base/terminal.hpp"

namespace quoin {
namespace {

class HelpFormatter : public CLI::Formatter {
  public:
    HelpFormatter() {
        column_width(24);
        label("SUBCOMMAND", "COMMAND");
        label("OPTIONS", "OPTION...");
    }

    std::string make_usage(const CLI::App* app, std::string name) const override {
        return CLI::Formatter::make_usage(app, std::move(name)) + "\n";
    }

    std::string make_subcommand(const CLI::App* command) const override {
        const auto description = command->get_description();
        std::stringstream out;
        CLI::detail::format_help(out, command->get_name(),
                                 description.substr(0, description.find('\n')), column_width_);
        return out.str();
    }
};

} // namespace

std::shared_ptr<CLI::Formatter> help_formatter() {
    return std::make_shared<HelpFormatter>();
}

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples, CommonOptions& common, Reports reports) {
    auto& command = *parent.add_subcommand(name, summary + "\n\nExamples:\n" + examples);
    command.group("Commands");
    if (reports == Reports::json)
        command.add_flag("--json", common.json, "Print the result as JSON on standard output");
    auto* quiet = command.add_flag_callback(
        "-q,--quiet", [] { set_verbosity(Verbosity::quiet); }, "Only errors and the result");
    command
        .add_flag_callback(
            "-v,--verbose", [] { set_verbosity(Verbosity::verbose); }, "Say what is being done")
        ->excludes(quiet);
    return command;
}

} // namespace quoin
