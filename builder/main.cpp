// SPDX-License-Identifier: Apache-2.0
// `quoin`: from a recipe to images and bundles, and what people ask of them. The list of commands,
// and the one place where an error becomes a message and an exit code.
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "builder/commands/command.hpp"
#include "builder/interruption.hpp"

namespace {

constexpr const char* description =
    R"(Quoin builds operating system images that update themselves and roll back.

Examples:
  quoin keys init keys                       make keys for signing
  quoin build node.toml -o out --keys keys   disk image, bundle, UKI and report
  quoin run out/node_1.0.0.raw               boot it in QEMU
  quoin diff out/node_1.0.0.raw out/node_1.1.0.quoin
                                             what an update would change and fetch
)";

int run(int argc, char** argv) {
    CLI::App app(description, "quoin");
    app.formatter(quoin::help_formatter());
    app.set_help_flag("-h,--help", "Show this help, or that of a command");
    app.set_version_flag("--version", "quoin " QUOIN_VERSION, "Show the version");
    app.require_subcommand(1);

    quoin::add_keys_command(app);
    quoin::add_build_command(app);
    quoin::add_inspect_command(app);
    quoin::add_verify_command(app);
    quoin::add_diff_command(app);
    quoin::add_run_command(app);

    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& wrong) {
        quoin::say_error(std::string(wrong.what()) + "; `quoin --help` shows how");
        return quoin::exit_code(quoin::ErrorCode::usage);
    }
}

} // namespace

int main(int argc, char** argv) {
    quoin::catch_interruptions();
    try {
        return run(argc, argv);
    } catch (const quoin::Error& error) {
        quoin::say_error(error.what());
        return quoin::exit_code(error.code());
    } catch (const std::exception& error) { // out of memory, a bug: still no half-made outputs
        quoin::say_error(error.what());
        return quoin::exit_code(quoin::ErrorCode::failed);
    }
}
