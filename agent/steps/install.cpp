// SPDX-License-Identifier: Apache-2.0
// The life of an update, from the bundle's head to the armed slot. Each step is one file; the order
// and what holds between the steps is this one's.
#include "agent/steps/install.hpp"

#include "agent/clock.hpp"
#include "agent/steps/cancel.hpp"
#include "agent/steps/keep_manifest.hpp"
#include "agent/steps/observe.hpp"
#include "agent/steps/prepare_install.hpp"
#include "agent/steps/read_back.hpp"
#include "agent/steps/slot_table.hpp"
#include "agent/steps/stage_boot_image.hpp"
#include "agent/steps/write_slot.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace quoin {

namespace {

constexpr std::uint64_t most_beside_contents = 1 * MiB; ///< error pages on the way to them
constexpr std::chrono::milliseconds least_time{1'000};  ///< for an attempt to be worth it
constexpr std::chrono::milliseconds between_looks{200}; ///< at whether a signal came

/// One run from head to armed; `report` collects over the runs of one install().
class Installation {
  public:
    Installation(Node& node, BootLoader& loader, const InstallOptions& options,
                 const InstallObserver& observer, const CancelOnSignal& cancel,
                 InstallReport& report)
        : node_(node), loader_(loader), options_(options), observer_(observer), cancel_(cancel),
          report_(report) {}

    void run(BundleSource& source) {
        step("verifying")(0, 0);
        prepared_ = prepare_install(node_, loader_, source, options_.allow_quarantined);
        if (options_.fetch.most_bytes != UINT64_MAX) {
            // An estimate that believes what an interrupted install left would be too low.
            prove_local_chunks(prepared_, node_, step("checking what is here"));
            require_within(estimate_install(prepared_, node_, source), report_.bytes_fetched,
                           options_.fetch.most_bytes);
        }
        const Manifest& manifest = prepared_.bundle.manifest;

        take_slot(manifest);
        // From here on nothing starts the target slot, and its index says "writing": a later
        // install finds every chunk that this one brings in place.
        mark_writing(manifest);
        write_content(manifest, source);
        // The data on the medium is proven; nothing starts it yet.
        stage(manifest, source);
        keep_head(prepared_.bundle);
        name_slot(node_, roles().target, manifest);
        arm(manifest);
        report(manifest);
    }

  private:
    ProgressObserver step(const std::string& name) {
        return [this, name](std::uint64_t done, std::uint64_t whole) {
            cancel_.check();
            if (observer_)
                observer_(name, done, whole);
        };
    }

    [[nodiscard]] const UpdateRoles& roles() const { return prepared_.roles; }
    [[nodiscard]] std::uint64_t data_start() const { return prepared_.bundle.header.data_offset(); }

    /// Nothing may start or find the slot while it is rewritten.
    void take_slot(const Manifest& manifest) {
        cancel_.check();
        const Slot target = node_.slot(roles().target);
        for (const BootEntry& entry : loader_.entries())
            if (entry.listed && is_superseded(entry, target, manifest))
                loader_.unlist(entry.name);

        AgentState state = AgentState::read(node_.state_directory());
        if (state.attempt && state.attempt->slot == roles().target) {
            state.attempt.reset();
            state.write(node_.state_directory());
        }
        empty_slot(node_, roles().target);
    }

    void mark_writing(const Manifest& manifest) {
        if (index_is_written(node_, prepared_))
            return;
        report_.bytes_written += manifest.index_size;
        write_slot_index(node_.verity_region(node_.slot(roles().target)), SlotIndexState::writing,
                         manifest.root_hash, manifest.root_size, prepared_.plan.index_bytes());
    }

    void write_content(const Manifest& manifest, BundleSource& source) {
        const Slot target = node_.slot(roles().target);
        const Region root = node_.root_region(target);
        const Region verity = node_.verity_region(target);

        WriteSlotResult result = write_slot(root, node_.root_region(node_.slot(roles().running)),
                                            prepared_.plan, source, data_start(), step("writing"));
        pieces_ = std::move(result.boot_image);
        fetched_ += result.fetched;
        report_.bytes_written += result.written;

        report_.bytes_written += derive_tree(root, verity, manifest, step("reading back"));
        if (!write_slot_index_state(verity, SlotIndexState::complete))
            throw Error("cannot finish '" + verity.name() + "': its index is damaged");
        check_stored_index(verity, manifest);
    }

    void stage(const Manifest& manifest, BundleSource& source) {
        staged_ = stage_boot_image(loader_, manifest, prepared_.plan, prepared_.boot_images,
                                   pieces_, source, data_start(), step("writing the boot image"));
        fetched_ += staged_.fetched;
        report_.bytes_written += manifest.uki_size;
    }

    /// What proves the slot's content to whoever reads the disk later.
    void keep_head(const OpenBundle& bundle) {
        const Slot& running = node_.slot(roles().running);
        const ByteView head = ByteView(bundle.prefix).first(bundle.header.head_size());
        keep_manifest(node_.esp_directory(),
                      root_label(bundle.manifest.id, bundle.manifest.version), head,
                      root_label(running.id, running.version));
        report_.bytes_written += head.size();
    }

    /// First the memory of it, durably, then the one sector: a system that was tried is always one
    /// that the agent knows it armed.
    void arm(const Manifest& manifest) {
        step("arming")(0, 0);
        Attempt attempt;
        attempt.from_version = prepared_.from_version;
        attempt.from_root_hash = prepared_.from_root_hash;
        attempt.to_version = manifest.version;
        attempt.to_root_hash = manifest.root_hash.hex();
        attempt.slot = roles().target;
        attempt.armed_at = current_time();
        AgentState state = AgentState::read(node_.state_directory());
        state.attempt = attempt;
        state.write(node_.state_directory());
        loader_.arm(staged_.name, staged_.first_sector);
    }

    void report(const Manifest& manifest) {
        report_.version = manifest.version;
        report_.root_hash = manifest.root_hash.hex();
        report_.bytes_total = manifest.root_size + manifest.uki_size;
        report_.bytes_reused = report_.bytes_total - std::min(fetched_, report_.bytes_total);
    }

    Node& node_;
    BootLoader& loader_;
    const InstallOptions& options_;
    const InstallObserver& observer_;
    const CancelOnSignal& cancel_;
    InstallReport& report_;

    PreparedInstall prepared_;
    BootImagePieces pieces_;
    StagedBootImage staged_;
    std::uint64_t fetched_ = 0; ///< content of chunks
};

/// Runs `attempt`, with what is left of the time, again and again, later and later, while the file
/// changes under it: as it does once when a release is replaced, and for ever when servers behind
/// one name disagree.
void until_unchanged(const FetchOptions& fetch, const CancelOnSignal& cancel,
                     const std::function<void(FetchOptions left)>& attempt) {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + fetch.deadline;
    FetchOptions left = fetch;
    for (auto pause = fetch.first_pause;; pause = std::min(pause * 2, longest_pause)) {
        try {
            attempt(left);
            return;
        } catch (const SourceChanged& change) {
            const auto again = Clock::now() + pause;
            if (again + least_time > deadline)
                throw Error(std::string(change.what()) +
                            " and keeps changing; do all servers behind this name have the same "
                            "file, ETag and length?");
            say_note(std::string(change.what()) + ", starting over");
            for (; Clock::now() < again; cancel.check())
                std::this_thread::sleep_for(std::min(pause, between_looks));
            left.deadline = std::chrono::ceil<std::chrono::seconds>(deadline - Clock::now());
            left.first_contact = left.deadline; // there has been one
        }
    }
}

/// Nothing where the server cannot, or does not any more, send parts of the file: all of the bundle
/// would come before the contents table.
Causes causes_of(BundleSource& source, PreparedInstall& prepared) {
    const SlotIndex index = SlotIndex::parse(prepared.plan.index_bytes());
    const std::vector<bool> missing = prepared.plan.missing();
    try {
        source.limit(prepared.bundle.manifest.contents_size + most_beside_contents);
        if (source.seekable())
            return find_causes(fetch_contents(source, prepared.bundle, missing.size()), index,
                               missing);
    } catch (const Error& e) {
        if (e.code() != ErrorCode::refused || source.seekable())
            throw;
    }
    say_note("'" + source.name() +
             "': the server cannot send parts of the file; what causes the update is left out, "
             "since all of the bundle would be fetched for it");
    return {};
}

} // namespace

InstallReport install(Node& node, BootLoader& loader, const InstallOptions& options,
                      const InstallObserver& observer) {
    const auto started = std::chrono::steady_clock::now();
    const CancelOnSignal cancel;
    FetchOptions fetch = options.fetch;
    fetch.cancelled = [&cancel] { return cancel.requested(); };
    // On trial the bundle's head only decides which refusal it will be, and the health gate waits
    // for the lock that is held meanwhile: a slow server must not cost a good release its verdict.
    const bool on_trial =
        is_on_trial(observe(node, loader, AgentState::read(node.state_directory())));
    if (on_trial)
        fetch.deadline = std::min(fetch.deadline, options.deadline_on_trial);

    InstallReport report;
    until_unchanged(fetch, cancel, [&](FetchOptions left) {
        left.spent = report.bytes_fetched;
        const auto source = open_source(options.source, left);
        const auto count = [&] {
            report.bytes_fetched += source->bytes();
            report.requests += source->requests();
        };
        try {
            Installation(node, loader, options, observer, cancel, report).run(*source);
            count();
        } catch (const SourceChanged&) {
            count();
            throw;
        }
    });
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
}

InstallForecast forecast_install(const Node& node, const BootLoader& loader,
                                 const InstallOptions& options, const InstallObserver& observer) {
    const CancelOnSignal cancel;
    FetchOptions fetch = options.fetch;
    fetch.cancelled = [&cancel] { return cancel.requested(); };
    // An install does not read the contents table, so its budget has no say in that.
    fetch.most_bytes = UINT64_MAX;
    InstallForecast forecast;
    until_unchanged(fetch, cancel, [&](const FetchOptions& left) {
        const auto source = open_source(options.source, left);
        PreparedInstall& prepared = forecast.prepared;
        prepared = prepare_install(node, loader, *source, options.allow_quarantined);
        prove_local_chunks(prepared, node, [&](std::uint64_t done, std::uint64_t whole) {
            cancel.check();
            if (observer)
                observer("checking what is here", done, whole);
        });
        forecast.estimate = estimate_install(prepared, node, *source);
        require_within(forecast.estimate, 0, options.fetch.most_bytes);
        // Behind the estimate, which is of what an install fetches: that does not read the table.
        forecast.causes = causes_of(*source, prepared);
    });
    return forecast;
}

} // namespace quoin
