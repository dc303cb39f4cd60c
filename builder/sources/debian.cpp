// SPDX-License-Identifier: Apache-2.0
#include "builder/sources/debian.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "base/terminal.hpp"
#include "base/units.hpp"
#include "builder/cache/root_archive.hpp"
#include "builder/lock/pinned_root.hpp"
#include "builder/sources/tar.hpp"
#include "crypto/digest.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <optional>
#include <poll.h>
#include <sstream>
#include <unistd.h>

namespace quoin {

namespace {

const std::string debian_archive = "http://deb.debian.org/debian";
constexpr int milliseconds_between_reports = 200;
constexpr std::size_t last_words = 6; // lines of mmdebstrap's output in an error
constexpr std::uint64_t largest_log = 64 * MiB;

std::string joined(const std::vector<std::string>& parts, const std::string& separator) {
    std::string text;
    for (const std::string& part : parts)
        text += (text.empty() ? "" : separator) + part;
    return text;
}

/// ".../debian" has its security archive at ".../debian-security", as Debian's own mirrors have.
std::string security_archive(const std::string& mirror) {
    std::string base = mirror;
    while (base.ends_with('/'))
        base.pop_back();
    return base + "-security";
}

std::string last_lines(const std::string& text) {
    std::deque<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        if (!line.empty())
            lines.push_back(printable(line));
        if (lines.size() > last_words)
            lines.pop_front();
    }
    return joined({lines.begin(), lines.end()}, "; ");
}

/// mmdebstrap works for minutes before it writes anything. The observer hears from us meanwhile,
/// since it is also where the user's Ctrl+C arrives.
void wait_for_output(FdRef output, const ProgressObserver& progress) {
    pollfd watched{output.get(), POLLIN, 0};
    while (true) {
        const int ready = poll(&watched, 1, milliseconds_between_reports);
        if (ready < 0 && errno != EINTR)
            throw system_error("cannot wait for mmdebstrap");
        if (ready > 0)
            return;
        if (progress)
            progress(0, 0);
    }
}

/// Reads what nobody wants any more, so that mmdebstrap comes to its end and tells its status.
void drain(FdRef output, const ProgressObserver& progress) {
    Bytes buffer(256 * KiB);
    while (true) {
        const ssize_t count = ::read(output.get(), buffer.data(), buffer.size());
        if (count == 0)
            return;
        if (count < 0 && errno != EINTR)
            throw system_error("cannot read from mmdebstrap");
        if (progress)
            progress(0, 0);
    }
}

/// What stands before the line `wanted`; nothing when there is no such line.
std::optional<std::string> text_before(const std::string& text, std::string_view wanted) {
    std::istringstream stream(text);
    std::string before;
    for (std::string line; std::getline(stream, line); before += line + "\n")
        if (line == wanted)
            return before;
    return std::nullopt;
}

/// As root mmdebstrap mounts /proc and its like into the new root. Where that may be done, nobody
/// else sees these mounts, and they are gone with it, however it ends.
std::vector<std::string> with_mounts_of_its_own(std::vector<std::string> command) {
    if (geteuid() != 0 || run({"unshare", "--mount", "true"}).status != 0)
        return command;
    command.front() = program_path(command.front());
    command.insert(command.begin(), {"unshare", "--mount", "--propagation", "private", "--"});
    return command;
}

/// One run of mmdebstrap; `use` reads its standard output to the end. An error in `use` that comes
/// from mmdebstrap's own failure (a tar that ends early) gives way to what mmdebstrap said.
template <typename Use>
void run_mmdebstrap(const DebianRequest& request, const ProgressObserver& progress, Use&& use) {
    const DebianSource& source = request.source;
    auto command = mmdebstrap_command(source, request.architecture);
    std::optional<PinnedRun> pinned;
    if (!source.pins.empty()) {
        require_pins(source, request.architecture);
        pinned.emplace(source);
        command.insert(command.begin() + 1, pinned->options().begin(), pinned->options().end());
    }
    ProcessOptions options;
    if (request.time)
        options.environment = {{"SOURCE_DATE_EPOCH", std::to_string(*request.time)}};
    const TemporaryDirectory scratch;
    const std::string log = scratch.path() + "/log";
    StreamingProcess process(with_mounts_of_its_own(std::move(command)), log, options);
    std::exception_ptr failure;
    wait_for_output(process.output(), progress);
    try {
        use(process.output());
    } catch (const Error& e) {
        if (e.code() != ErrorCode::refused)
            throw;
        failure = std::current_exception();
        drain(process.output(), progress);
    }
    if (const int status = process.wait(); status != 0) {
        const std::string said = read_text(log, largest_log);
        if (progress)
            progress(0, 0); // it may have failed for our user's Ctrl+C
        if (const auto before = pinned ? text_before(said, PinnedRun::refusal) : std::nullopt)
            throw refused("cannot use the packages that were fetched: they are not those of the "
                          "lock file: " +
                          last_lines(*before));
        throw Error("cannot build the Debian root: mmdebstrap failed with status " +
                    std::to_string(status) + ": " + last_lines(said));
    }
    if (failure)
        std::rethrow_exception(failure);
}

/// Everything that decides what mmdebstrap makes, apart from the archive's state; with a lock that
/// state too.
Digest cache_key(const DebianRequest& request) {
    const DebianSource& source = request.source;
    std::string parameters = request.time ? std::to_string(*request.time) : "";
    for (const std::string& argument : mmdebstrap_command(source, request.architecture))
        parameters += '\0' + argument;
    for (const std::string& package : source.local_packages)
        parameters += '\0' + sha256_of_file(open_file(package, O_RDONLY), package).hex();
    parameters += '\0' + apt_preferences(source.pins) + package_checksums(source.pins);
    return sha256(bytes_of(parameters));
}

/// mmdebstrap copies the resolv.conf of the machine that it runs on into the root; packages that
/// put a link there keep that copy under other names (systemd-resolved, resolvconf).
bool is_of_this_machine(const Entry& entry) {
    constexpr std::array<std::string_view, 3> paths{"etc/resolv.conf",
                                                    "etc/.resolv.conf.systemd-resolved.bak",
                                                    "etc/resolvconf/resolv.conf.d/original"};
    return entry.type == EntryType::file &&
           std::find(paths.begin(), paths.end(), entry.path) != paths.end();
}

/// A copy of the root for the cache, written while it passes by. One that cannot be written costs
/// the next build time, not this build.
class CachedCopy {
  public:
    CachedCopy(std::string directory, const Digest& key)
        : directory_(std::move(directory)), key_(key) {
        unless_failed([&] { tar_.emplace(directory_ + "/debian-" + key_.hex()); });
    }

    void append(ByteView piece) {
        unless_failed([&] {
            write_all(tar_->fd(), piece, tar_->final_path());
            hash_.update(piece);
        });
    }

    /// The root is whole.
    void keep() {
        unless_failed(
            [&] { tar_->rename_to(root_archive_path(directory_, key_, hash_.finish())); });
    }

  private:
    template <typename Body>
    void unless_failed(Body&& body) {
        if (failed_)
            return;
        try {
            body();
        } catch (const Error& error) {
            failed_ = true;
            tar_.reset();
            say_warning(std::string(error.what()) + "; the next build will be slower, ignoring");
        }
    }

    std::string directory_;
    Digest key_;
    std::optional<PendingFile> tar_;
    Sha256 hash_;
    bool failed_ = false;
};

} // namespace

std::string debian_architecture(const std::string& architecture) {
    return architecture == "x86-64" ? "amd64" : architecture;
}

std::vector<std::string> package_sources(const DebianSource& source) {
    const std::string components =
        source.components.empty() ? "main" : joined(source.components, " ");
    std::vector<std::string> mirrors = source.mirrors;
    if (mirrors.empty())
        mirrors.push_back(debian_archive);
    std::vector<std::string> lines;
    std::string first_archive;
    for (const std::string& mirror : mirrors) {
        if (mirror.starts_with("deb ")) {
            lines.push_back(mirror);
            continue;
        }
        if (first_archive.empty())
            first_archive = mirror;
        lines.push_back("deb " + mirror + " " + source.suite + " " + components);
    }
    if (source.security)
        lines.push_back("deb " +
                        security_archive(first_archive.empty() ? debian_archive : first_archive) +
                        " " + source.suite + "-security " + components);
    return lines;
}

std::vector<std::string> mmdebstrap_command(const DebianSource& source,
                                            const std::string& architecture) {
    std::vector<std::string> command{
        "mmdebstrap",
        std::string("--mode=") + (geteuid() == 0 ? "auto" : "unshare"),
        "--format=tar",
        "--variant=" + source.variant,
        "--architectures=" + debian_architecture(architecture),
    };
    std::vector<std::string> packages = source.packages;
    packages.insert(packages.end(), source.local_packages.begin(), source.local_packages.end());
    if (!packages.empty())
        command.push_back("--include=" + joined(packages, ","));
    if (!source.local_packages.empty()) // makes paths outside the new root visible to its apt
        command.emplace_back("--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount");
    command.push_back(source.suite);
    command.emplace_back("-");
    for (const std::string& line : package_sources(source))
        command.push_back(line);
    return command;
}

void read_debian(const DebianRequest& request, const std::string& cache_directory,
                 const EntrySink& sink, const ProgressObserver& progress) {
    const EntrySink portable = [&sink](const Entry& entry, const ContentReader& content) {
        if (!is_of_this_machine(entry))
            sink(entry, content);
    };
    std::optional<CachedCopy> copy;
    if (!cache_directory.empty()) {
        const Digest key = cache_key(request);
        if (const auto archive = find_root_archive(cache_directory, key, progress)) {
            read_tar_file(archive->file, archive->path, portable, progress);
            return;
        }
        copy.emplace(cache_directory, key);
    }
    std::uint64_t done = 0;
    run_mmdebstrap(request, progress, [&](FdRef output) {
        read_tar(output, "root made by mmdebstrap", portable, [&](ByteView raw) {
            if (copy)
                copy->append(raw);
            done += raw.size();
            if (progress)
                progress(done, 0);
        });
    });
    if (copy)
        copy->keep();
}

} // namespace quoin
