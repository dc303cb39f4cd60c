// SPDX-License-Identifier: Apache-2.0
// The list of commands. A command runs when its line has been parsed as a whole.
#include "builder/command_line.hpp"

#include "base/command_line.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/commands/build.hpp"
#include "builder/commands/cache.hpp"
#include "builder/commands/diff.hpp"
#include "builder/commands/inspect.hpp"
#include "builder/commands/keys_init.hpp"
#include "builder/commands/lock.hpp"
#include "builder/commands/run.hpp"
#include "builder/commands/verify.hpp"

namespace quoin {
namespace {

/// Examples come first; in the list of commands only the first line of what describes them.
class HelpFormatter : public CLI::Formatter {
  public:
    HelpFormatter() {
        column_width(24);
        label("SUBCOMMAND", "COMMAND");
        label("OPTIONS", "OPTION...");
        label("Positionals", "Arguments");
    }

    std::string make_subcommand(const CLI::App* command) const override {
        const auto description = command->get_description();
        std::stringstream out;
        CLI::detail::format_help(out, command->get_name(),
                                 description.substr(0, description.find('\n')), column_width_);
        return out.str();
    }

    /// Options are told by their names; types and defaults stand in the description.
    std::string make_option_opts(const CLI::Option* option) const override {
        return option->get_type_size() == 0 || option->get_positional()
                   ? std::string()
                   : " " + option->get_type_name();
    }
};

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description) {
    auto& command = *parent.add_subcommand(name, description)->group("Commands");
    auto* quiet = command.add_flag_callback(
        "-q,--quiet", [] { set_verbosity(Verbosity::quiet); }, "Print only errors and the result");
    command
        .add_flag_callback(
            "-v,--verbose", [] { set_verbosity(Verbosity::verbose); }, "Say what is being done")
        ->excludes(quiet);
    return command;
}

void add_json(CLI::App& command, bool& json) {
    command.add_flag("--json", json, "Print the result as JSON");
}

void add_keys(CLI::App& app, std::string& directory) {
    auto& keys = *app.add_subcommand("keys", R"(Make keys

Examples:
  quoin keys init keys
)")
                      ->group("Commands")
                      ->require_subcommand(1);
    auto& init = add_command(keys, "init", R"(Make a signing identity and a Secure Boot key

Examples:
  quoin keys init keys
)");
    init.add_option("DIR", directory, "Where to write the keys; made when missing")->required();
    init.callback([&] { init_keys(directory); });
}

void add_settings(CLI::App& command, std::vector<std::string>& settings) {
    command
        .add_option("--set", settings,
                    "A value over the recipe's: TOML, or a bare string. May be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_build(CLI::App& app, BuildOptions& options) {
    auto& command = add_command(app, "build", R"(Build disk image, bundle, UKI and report

Examples:
  quoin build node.toml --keys keys
  quoin build node.toml -o out --keys keys --cache cache --json
  quoin build node.toml -o out --keys keys --previous out/node_1.0.0.quoin
  quoin build node.toml -o out --keys keys --set image.version=1.4.2
)");
    command.add_option("RECIPE", options.recipe, "A TOML file; see quoin-recipe(5)")->required();
    command
        .add_option("-o,--output", options.output,
                    "Where to write; made when missing. Default: the current directory")
        ->type_name("DIR");
    command.add_option("--keys", options.keys, "Keys to sign with; see quoin keys init")
        ->type_name("DIR");
    command
        .add_option("--cache", options.cache,
                    "Keeps compressed blocks and roots made of Debian packages for the next build, "
                    "which then gives the same bytes sooner")
        ->type_name("DIR");
    command
        .add_option("--previous", options.previous,
                    "The release before this one, a bundle or disk image: nodes that run it, or an "
                    "older one, then need fewer requests to update")
        ->type_name("FILE");
    add_settings(command, options.settings);
    add_json(command, options.json);
    command.callback([&] { build(options); });
}

void add_lock(CLI::App& app, LockOptions& options) {
    auto& command = add_command(app, "lock", R"(Pin Debian packages, stub and boot loader

Examples:
  quoin lock node.toml                       writes node.lock, which builds obey
)");
    command.add_option("RECIPE", options.recipe, "The lock file is written beside it")->required();
    add_settings(command, options.settings);
    add_json(command, options.json);
    command.callback([&] { lock(options); });
}

void add_cache(CLI::App& app, CacheOptions& options) {
    auto& cache = *app.add_subcommand("cache", R"(Look at what --cache keeps, and trim it

Examples:
  quoin cache show cache
  quoin cache trim cache --size 2G
)")
                       ->group("Commands")
                       ->require_subcommand(1);
    const auto add_directory = [&](CLI::App& command) {
        command.add_option("DIR", options.directory, "The directory of quoin build --cache")
            ->required();
        add_json(command, options.json);
    };

    auto& show = add_command(cache, "show", R"(List what a cache keeps, the last used first

Examples:
  quoin cache show cache
)");
    add_directory(show);
    show.callback([&] { show_cache(options); });

    auto& trim = add_command(cache, "trim", R"(Remove what was not used for longest

Examples:
  quoin cache trim cache --size 2G
  quoin cache trim cache --size 0             everything
)");
    add_directory(trim);
    trim.add_option_function<std::string>(
            "--size",
            [&](const std::string& text) {
                const auto size = parse_size(text);
                if (!size)
                    throw CLI::ValidationError("--size", "'" + text + "' is no size; 2G is one");
                options.size = *size;
            },
            "What may stay, as 500M or 2G; 0 removes everything")
        ->required()
        ->type_name("SIZE");
    trim.callback([&] { trim_cache(options); });
}

void add_inspect(CLI::App& app, InspectOptions& options) {
    auto& command = add_command(app, "inspect", R"(Show what is in a bundle, disk image or UKI

Examples:
  quoin inspect node_1.0.0.quoin
  quoin inspect node_1.0.0.raw --json
)");
    command.add_option("FILE", options.file, "Nothing in it is trusted")->required();
    add_json(command, options.json);
    command.callback([&] { inspect(options); });
}

void add_verify(CLI::App& app, VerifyOptions& options) {
    auto& command = add_command(app, "verify", R"(Check every signature, chunk and hash

Examples:
  quoin verify node_1.0.0.quoin --trust keys/signing.pub
  quoin verify node_1.0.0.raw --trust a.pub b.pub c.pub --required 2
)");
    command.add_option("FILE", options.file, "A bundle or a disk image")->required();
    command
        .add_option("--trust", options.trust, "Public keys, certificates, or directories of them")
        ->required()
        ->type_name("KEY...");
    command
        .add_option("--required", options.required,
                    "How many of them must have signed. Default: what a trust.toml says, else 1")
        ->check(CLI::Range(1U, 1000U))
        ->type_name("N");
    add_json(command, options.json);
    command.callback([&] { verify(options); });
}

void add_diff(CLI::App& app, DiffOptions& options) {
    auto& command = add_command(app, "diff", R"(Show what an update would change and fetch

Examples:
  quoin diff node_1.0.0.quoin node_1.1.0.quoin
  quoin diff node_1.0.0.raw node_1.1.0.quoin --json
)");
    command.add_option("OLD", options.old_file, "A bundle or a disk image")->required();
    command.add_option("NEW", options.new_file, "A bundle or a disk image")->required();
    add_json(command, options.json);
    command.callback([&] { diff(options); });
}

void add_run(CLI::App& app, RunOptions& options) {
    auto& command = add_command(app, "run", R"(Boot a disk image in QEMU; Ctrl+A, then X leaves

Examples:
  quoin run node_1.0.0.raw
  quoin run node_1.0.0.raw -- -smp 4        more options for QEMU
)");
    command.add_option("IMAGE", options.image, "A disk image; it is not changed")->required();
    command.add_option("-m,--memory", options.memory, "Memory of the machine. Default: 1G")
        ->type_name("SIZE");
    command.add_option("QEMU", options.qemu_arguments, "Arguments for QEMU, after --");
    command.callback([&] { run_image(options); });
}

constexpr const char* description =
    R"(Quoin builds operating system images that update themselves and roll back.

Examples:
  quoin keys init keys                       make keys for signing
  quoin build node.toml -o out --keys keys   disk image, bundle, UKI and report
  quoin run out/node_1.0.0.raw               boot it in QEMU
  quoin diff out/node_1.0.0.raw out/node_1.1.0.quoin
                                             what an update would change and fetch
)";

} // namespace

int run_command_line(int argc, char** argv) {
    CLI::App app(description, "quoin");
    app.formatter(std::make_shared<HelpFormatter>());
    app.set_help_flag("-h,--help", "Show examples and options");
    app.set_version_flag("--version", "quoin " QUOIN_VERSION, "Show the version");
    app.require_subcommand(1);

    std::string keys_directory;
    BuildOptions build_options;
    LockOptions lock_options;
    CacheOptions cache_options;
    InspectOptions inspect_options;
    VerifyOptions verify_options;
    DiffOptions diff_options;
    RunOptions run_options;
    add_keys(app, keys_directory);
    add_build(app, build_options);
    add_lock(app, lock_options);
    add_cache(app, cache_options);
    add_inspect(app, inspect_options);
    add_verify(app, verify_options);
    add_diff(app, diff_options);
    add_run(app, run_options);

    try {
        app.parse(argc, argv);
        return 0;
    } catch (const CLI::Success& help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError& wrong) {
        say_error(mistake_in(app, wrong) + "; `quoin --help` shows how");
        return exit_code(ErrorCode::usage);
    }
}

} // namespace quoin
