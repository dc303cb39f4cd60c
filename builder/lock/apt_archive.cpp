// SPDX-License-Identifier: Apache-2.0
#include "builder/lock/apt_archive.hpp"

#include "base/error.hpp"
#include "base/process.hpp"
#include "builder/lock/apt_index.hpp"
#include "builder/sources/debian.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <sstream>

namespace quoin {

namespace {

/// As mmdebstrap sets it up, so that both decide alike.
std::string apt_configuration(const std::string& directory, const std::string& architecture,
                              bool apt_is_essential) {
    return fmt::format("Dir \"{}\";\n"
                       "Dir::State::Status \"{}/status\";\n"
                       "Dir::Etc::Trusted \"/usr/share/keyrings/debian-archive-keyring.gpg\";\n"
                       "Dir::Etc::TrustedParts \"/etc/apt/trusted.gpg.d\";\n"
                       "Apt::Architecture \"{}\";\n"
                       "Apt::Architectures \"{}\";\n"
                       "Apt::Install-Recommends false;\n"
                       "Acquire::Languages \"none\";\n{}",
                       directory, directory, architecture, architecture,
                       apt_is_essential ? "" : "pkgCacheGen::ForceEssential \",\";\n");
}

void write_new(const std::string& path, std::string_view text) {
    const auto fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pwrite_all(fd, bytes_of(text), 0, path);
}

/// apt's pattern for what mmdebstrap always installs: of this suite, with this property.
std::string pattern(const DebianSource& source, const std::string& architecture,
                    const std::string& property) {
    return fmt::format("?narrow(?or(?archive(^{0}$),?codename(^{0}$)),?architecture({1}),{2})",
                       source.suite, architecture, property);
}

/// What the variants of mmdebstrap(1) install besides the essential packages.
std::vector<std::string> second_request(const DebianSource& source,
                                        const std::string& architecture) {
    static const std::map<std::string, std::string> priorities{
        {"required", "?priority(required)"},
        {"minbase", "?priority(required)"},
        {"buildd", "?priority(required)"},
        {"important", "?or(?priority(required),?priority(important))"},
        {"debootstrap", "?or(?priority(required),?priority(important))"},
        {"standard", "?or(?priority(required),?priority(important),?priority(standard))"}};
    std::vector<std::string> request = source.packages;
    request.insert(request.end(), source.local_packages.begin(), source.local_packages.end());
    if (source.variant == "buildd")
        request.emplace_back("build-essential");
    if (const auto found = priorities.find(source.variant); found != priorities.end())
        request.push_back(
            pattern(source, architecture, "?and(" + found->second + ",?not(?essential))"));
    return request;
}

/// Whether apt's URI ("'file:/a%20b.deb'") is that of a local package.
bool is_local(const DebianSource& source, std::string_view uri) {
    constexpr std::string_view start = "'file:";
    if (!uri.starts_with(start) || !uri.ends_with('\''))
        return false;
    const auto path = percent_decoded(uri.substr(start.size(), uri.size() - start.size() - 1));
    return std::ranges::any_of(source.local_packages, [&](const std::string& local) {
        std::error_code missing;
        return std::filesystem::equivalent(path, local, missing); // apt resolves symlinks
    });
}

} // namespace

AptArchive::AptArchive(const DebianSource& source, const std::string& architecture)
    : architecture_(debian_architecture(architecture)) {
    const std::string& top = directory_.path();
    namespace fs = std::filesystem;
    // As root, apt fetches as the user _apt, who must get in.
    fs::permissions(top, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
    for (const char* directory :
         {"etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d",
          "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"})
        fs::create_directories(top + "/" + directory);
    std::string sources;
    for (const std::string& line : package_sources(source))
        sources += line + "\n";
    write_new(top + "/etc/apt/sources.list", sources);
    write_new(top + "/status", "");
    write_new(top + "/apt.conf", apt_configuration(top, architecture_, source.variant == "apt"));
    in_context("cannot fetch the indexes of the Debian archive", [&] {
        apt({"apt-get", "--quiet=2", "--error-on=any", "update"});
        if (index_files().empty())
            throw Error("it has no packages for '" + architecture_ + "'");
    });
}

std::string AptArchive::apt(std::vector<std::string> command) const {
    ProcessOptions options;
    options.environment = {{"APT_CONFIG", directory_.path() + "/apt.conf"}, {"LC_ALL", "C.UTF-8"}};
    return run_checked(command, options);
}

std::vector<std::string> AptArchive::index_files() const {
    std::istringstream lines(
        apt({"apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"}));
    std::vector<std::string> files;
    for (std::string line; std::getline(lines, line);)
        files.push_back(line);
    std::ranges::sort(files);
    return files;
}

std::int64_t AptArchive::time() const {
    std::int64_t newest = 0;
    const std::filesystem::directory_iterator lists(directory_.path() + "/var/lib/apt/lists");
    for (const auto& entry : lists)
        if (entry.path().filename().string().ends_with("Release"))
            newest = std::max(newest, release_time(read_text(entry.path())));
    if (newest == 0)
        throw Error("cannot tell the archive's time: no Release file has a date");
    return newest;
}

void AptArchive::each_stanza(const std::function<void(std::string_view)>& visit) const {
    for (const std::string& file : index_files()) {
        const std::string text = apt({"/usr/lib/apt/apt-helper", "cat-file", file});
        quoin::each_stanza(text, visit);
    }
}

std::vector<PinnedPackage> AptArchive::versions_of(const std::set<std::string>& names) const {
    std::vector<PinnedPackage> found;
    each_stanza([&](std::string_view stanza) {
        auto package = package_in(stanza);
        if (package && names.contains(package->name))
            found.push_back(std::move(*package));
    });
    return found;
}

std::vector<PinnedPackage> AptArchive::to_install(const DebianSource& source,
                                                  std::vector<std::string> request) const {
    request.insert(request.begin(), {"apt-get", "--quiet=2", "--yes", "--print-uris"});
    std::istringstream lines(apt(request));
    struct Chosen {
        std::string uri;
        PinnedPackage package;
    };
    std::vector<Chosen> packages;
    std::set<std::string> names;
    for (std::string uri, file, rest; lines >> uri >> file && std::getline(lines, rest);) {
        if (is_local(source, uri))
            continue;
        // Without a name nobody offers it.
        packages.push_back({uri, package_named(file).value_or(PinnedPackage())});
        names.insert(packages.back().package.name);
    }
    // apt prints the weakest hash only.
    const auto offered = versions_of(names);
    std::vector<PinnedPackage> found;
    for (const auto& [uri, package] : packages) {
        const auto same = std::ranges::find(offered, package.identity(), &PinnedPackage::identity);
        if (same == offered.end())
            throw refused("apt wants " + uri +
                          ", which a lock cannot hold: the archive's index has no SHA-256 of it, "
                          "or its name or version is not one plain word");
        found.push_back(*same);
    }
    return found;
}

void AptArchive::mark_installed(const std::vector<PinnedPackage>& packages) const {
    std::string status;
    each_stanza([&](std::string_view stanza) {
        const auto package = package_in(stanza);
        if (package && std::ranges::any_of(packages, [&](const PinnedPackage& other) {
                return other.identity() == package->identity();
            }))
            status += std::string(stanza) + "\nStatus: install ok installed\n\n";
    });
    write_new(directory_.path() + "/status", status);
}

std::vector<PinnedPackage> AptArchive::resolve(const DebianSource& source) const {
    return in_context("cannot choose packages", [&] {
        auto packages =
            to_install(source, source.variant == "apt"
                                   ? std::vector<std::string>{"dist-upgrade"}
                                   : std::vector<std::string>{
                                         "install", pattern(source, architecture_, "?essential")});
        auto request = second_request(source, architecture_);
        if (!request.empty()) {
            mark_installed(packages);
            request.insert(request.begin(), "install");
            const auto more = to_install(source, request);
            packages.insert(packages.end(), more.begin(), more.end());
        }
        std::ranges::sort(packages, {}, &PinnedPackage::identity);
        return packages;
    });
}

} // namespace quoin
