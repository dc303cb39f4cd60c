// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/install.hpp"

#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/commands/commands.hpp"
#include "agent/configuration.hpp"
#include "agent/steps/reboot.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <memory>
#include <nlohmann/json.hpp>

namespace quoin::commands {

namespace {

constexpr std::size_t most_causes = 10; // shown, of packages and of files

/// One progress line a step, drawn on a terminal only.
class StepLines {
  public:
    void update(const std::string& step, std::uint64_t done, std::uint64_t whole) {
        if (!line_ || step != step_) {
            line_.reset(); // erases the last step's line before the next one is drawn
            line_ = std::make_unique<ProgressLine>(step, progress_wanted());
            step_ = step;
            say_detail(step);
        }
        line_->update(done, whole);
    }
    void finish() { line_.reset(); }

  private:
    std::string step_;
    std::unique_ptr<ProgressLine> line_;
};

std::string as_json(const InstallReport& report) {
    const nlohmann::json json = {{"version", report.version},
                                 {"root_hash", report.root_hash},
                                 {"bytes_total", report.bytes_total},
                                 {"bytes_reused", report.bytes_reused},
                                 {"bytes_fetched", report.bytes_fetched},
                                 {"bytes_written", report.bytes_written},
                                 {"requests", report.requests},
                                 {"seconds", report.seconds}};
    return json.dump() + "\n";
}

std::string as_text(const InstallReport& report) {
    return "version " + report.version +
           " is armed and starts at the next boot: " + format_size(report.bytes_fetched) +
           " fetched, " + format_size(report.bytes_reused) + " of " +
           format_size(report.bytes_total) + " were here already, " +
           format_duration(report.seconds);
}

nlohmann::json top_as_json(const std::vector<Cause>& causes) {
    auto list = nlohmann::json::array();
    for (const Cause& cause : largest(causes, most_causes))
        list.push_back({{"name", cause.name}, {"bytes", cause.bytes}});
    return list;
}

std::string top_as_text(const std::string& what, const std::vector<Cause>& causes) {
    std::string text;
    for (const Cause& cause : largest(causes, most_causes))
        text += "\n  " + format_size(cause.bytes) + "  " + printable(cause.name);
    return text.empty() ? text : "\nto fetch, by " + what + ":" + text;
}

std::string as_json(const InstallForecast& forecast) {
    const Manifest& manifest = forecast.prepared.bundle.manifest;
    const InstallEstimate& estimate = forecast.estimate;
    const nlohmann::json json = {{"version", manifest.version},
                                 {"root_hash", manifest.root_hash.hex()},
                                 {"bytes_total", estimate.bytes_total},
                                 {"bytes_reused", estimate.bytes_reused},
                                 {"bytes_to_fetch", estimate.bytes_to_fetch},
                                 {"bytes_to_write", estimate.bytes_to_write},
                                 {"requests", estimate.requests},
                                 {"causes",
                                  {{"packages", top_as_json(forecast.causes.packages)},
                                   {"files", top_as_json(forecast.causes.files)}}}};
    return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string as_text(const InstallForecast& forecast) {
    const InstallEstimate& estimate = forecast.estimate;
    return "version " + forecast.prepared.bundle.manifest.version + " would take " +
           format_size(estimate.bytes_to_fetch) + " to fetch in " +
           std::to_string(estimate.requests) + " requests and " +
           format_size(estimate.bytes_to_write) + " to write; " +
           format_size(estimate.bytes_reused) + " of " + format_size(estimate.bytes_total) +
           " are here already; nothing was changed" +
           top_as_text("package", forecast.causes.packages) +
           top_as_text("file", forecast.causes.files);
}

/// Off the node the configuration of the machine at hand has no say.
Configuration configuration_of(const NodeOptions& node) {
    if (!node.config.empty())
        return read_configuration({node.config});
    return node.disk.empty() ? read_default_configuration() : Configuration{};
}

FetchOptions fetch_options(const Configuration& configuration) {
    FetchOptions options;
    options.deadline = std::chrono::seconds(configuration.fetch_deadline);
    options.first_contact = std::chrono::seconds(configuration.fetch_first_contact);
    options.clock = std::chrono::seconds(configuration.fetch_clock);
    options.stall = std::chrono::seconds(configuration.fetch_stall);
    options.slowest = configuration.fetch_minimum_rate;
    options.fastest = configuration.fetch_maximum_rate.value_or(0);
    options.certificates = configuration.fetch_certificates.value_or("");
    options.headers = configuration.fetch_headers.value_or("");
    options.proxy = configuration.fetch_proxy;
    return options;
}

InstallObserver observer_of(StepLines& lines) {
    return [&lines](const std::string& step, std::uint64_t done, std::uint64_t whole) {
        lines.update(step, done, whole);
    };
}

void forecast(const Invocation& invocation, const InstallOptions& options) {
    const Node node = Node::open(invocation.node, false);
    const SystemdBoot loader(node.esp_directory());
    StepLines lines;
    const InstallForecast forecast = forecast_install(node, loader, options, observer_of(lines));
    lines.finish();
    if (invocation.json)
        print(as_json(forecast));
    else
        report(as_text(forecast));
}

} // namespace

void install(const Invocation& invocation) {
    if (invocation.reboot)
        require_live(invocation, "--reboot");
    if (invocation.dry_run && invocation.reboot)
        throw Error(ErrorCode::usage, "--dry-run and --reboot exclude each other");
    InstallOptions options;
    options.source = invocation.source;
    options.allow_quarantined = invocation.force_quarantined;
    options.fetch = fetch_options(configuration_of(invocation.node));
    options.fetch.most_bytes = invocation.max_bytes;
    if (invocation.dry_run) {
        forecast(invocation, options);
        return;
    }
    {
        Node node = Node::open(invocation.node, true);
        SystemdBoot loader(node.esp_directory());
        StepLines lines;
        const InstallReport installed = quoin::install(node, loader, options, observer_of(lines));
        lines.finish();
        if (invocation.json)
            print(as_json(installed));
        else
            report(as_text(installed));
    }
    if (invocation.reboot)
        reboot_node();
}

} // namespace quoin::commands
