// SPDX-License-Identifier: Apache-2.0
// quoin-agent: what a node can do with its two slots. quoin-agent(8).
#include "agent/commands/commands.hpp"
#include "base/command_line.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <malloc.h>

namespace {

using quoin::commands::Invocation;

constexpr const char* description =
    R"(Examples:
  quoin-agent status                        what runs, what would boot next, and why
  quoin-agent install node_2.0.0.quoin      to the other slot; the next boot tries it
  quoin-agent install --reboot https://updates.example/node_2.0.0.quoin
  quoin-agent install --dry-run URL         what would that fetch and write?
  quoin-agent rollback --reboot             back to the confirmed system in the other slot
  quoin-agent status --json --disk node.raw --esp esp/ --state state/
                                            an image file instead of the running node

Updates a node between two slots: writes the one that does not run, lets the boot loader
try it, confirms it when the node is healthy, and goes back when it is not.)";

/// An empty value is a script's variable that is not set. Taken for an option that was left out it
/// would lead to the running node instead of an image file.
std::string named(const std::string& value) {
    return value.empty() ? "'' is no name" : "";
}

struct CommandLine {
    CLI::App app{description, "quoin-agent"};
    Invocation invocation;
    bool quiet = false;
    bool verbose = false;
    void (*command)(const Invocation&) = nullptr;

    CommandLine();
    CLI::App* add(const std::string& name, const std::string& about,
                  void (*command)(const Invocation&));
    void add_max_bytes(CLI::App& install);
};

CLI::App* CommandLine::add(const std::string& name, const std::string& about,
                           void (*chosen)(const Invocation&)) {
    CLI::App* sub = app.add_subcommand(name, about);
    // Options of the program may come after the command, too.
    sub->fallthrough();
    sub->footer("Options of every command: quoin-agent --help");
    sub->callback([this, chosen] { command = chosen; });
    return sub;
}

void CommandLine::add_max_bytes(CLI::App& install) {
    install
        .add_option_function<std::string>(
            "--max-bytes",
            [this](const std::string& text) {
                const auto size = quoin::parse_size(text);
                if (!size)
                    throw CLI::ValidationError("--max-bytes",
                                               "'" + text +
                                                   "' is not a size, expected bytes or text "
                                                   "like 20M");
                invocation.max_bytes = *size;
            },
            "Refuse when more would have to be fetched, like 20M")
        ->type_name("SIZE");
}

CommandLine::CommandLine() {
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.set_version_flag("--version", std::string("quoin-agent ") + QUOIN_VERSION);
    app.add_flag("--json", invocation.json, "Report in JSON");
    app.add_flag("--quiet", quiet, "Say nothing but errors");
    app.add_flag("--verbose", verbose, "Say every step");
    auto& node = invocation.node;
    app.add_option("--disk", node.disk, "An image file instead of the node's disk")
        ->check(named)
        ->type_name("FILE");
    app.add_option("--esp", node.esp, "Its EFI System Partition's content")
        ->check(named)
        ->type_name("DIR");
    app.add_option("--state", node.state, "What the agent remembers of it")
        ->check(named)
        ->type_name("DIR");
    app.add_option("--trust", node.trust, "Public keys to trust instead of the node's own")
        ->check(named)
        ->option_text("FILE|DIR")
        ->allow_extra_args(false);
    app.add_option("--required", node.required, "How many of them must have signed")
        ->check(CLI::Range(1U, 1000U))
        ->option_text("N");
    app.add_option("--config", node.config, "A configuration file instead of the node's own")
        ->check(named)
        ->type_name("FILE");
    app.require_subcommand(1);

    namespace commands = quoin::commands;
    add("status", "What the slots hold, what runs, what would boot next, and why",
        commands::status);
    CLI::App* install =
        add("install", "Write a bundle to the other slot, up to armed", commands::install);
    install->add_option("bundle", invocation.source, "A bundle's path or its http(s) URL")
        ->required()
        ->check(named)
        ->type_name("PATH|URL");
    install->add_flag("--reboot", invocation.reboot, "Reboot into it at once");
    install->add_flag("--force-quarantined", invocation.force_quarantined,
                      "Even if this release failed here before");
    add_max_bytes(*install);
    install->add_flag("--dry-run", invocation.dry_run,
                      "Decide and say what it would take, but change nothing");
    add("confirm", "The running system is good: start it without counting", commands::confirm);
    add("rollback", "Go back to the confirmed system in the other slot", commands::rollback)
        ->add_flag("--reboot", invocation.reboot, "Reboot into it at once");
    add("health-gate", "At boot: check the node's health, then confirm or reboot",
        commands::health_gate);
    add("try-deadline", "By a timer: reboot if nobody judged this boot", commands::try_deadline);
    add("watch", "As a service: go back when the root turns out damaged", commands::watch);
}

/// The exit code when the command line ends it: help, version, a mistake.
int finish_parsing(const CLI::App& app, const CLI::ParseError& end) {
    if (end.get_exit_code() == 0)
        return app.exit(end);
    quoin::say_error(quoin::mistake_in(app, end) + "; see quoin-agent --help");
    return quoin::exit_code(quoin::ErrorCode::usage);
}

int run(CommandLine& line) {
    using quoin::Verbosity;
    quoin::set_verbosity(line.quiet     ? Verbosity::quiet
                         : line.verbose ? Verbosity::verbose
                                        : Verbosity::normal);
    try {
        if (line.quiet && line.verbose)
            throw quoin::Error(quoin::ErrorCode::usage, "--quiet and --verbose exclude each other");
        line.command(line.invocation);
        return 0;
    } catch (const quoin::Error& e) {
        if (e.code() == quoin::ErrorCode::nothing_to_do)
            quoin::say_note(e.what());
        else
            quoin::say_error(e.what());
        return quoin::exit_code(e.code());
    } catch (const std::exception& e) {
        quoin::say_error(std::string("cannot go on: ") + e.what());
        return quoin::exit_code(quoin::ErrorCode::failed);
    }
}

} // namespace

int main(int argc, char** argv) {
    // Large buffers go back to the system at once. Left alone, malloc keeps what is as large as the
    // largest that was ever freed, and the peak becomes the sum of steps that never run together.
    ::mallopt(M_MMAP_THRESHOLD, 128 << 10);
    CommandLine line;
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& end) {
        return finish_parsing(line.app, end);
    }
    return run(line);
}
