// SPDX-License-Identifier: Apache-2.0
#include "builder/lock/pinned_root.hpp"

#include "base/error.hpp"
#include "builder/lock/apt_archive.hpp"
#include "builder/sources/debian.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace quoin {

namespace {

/// A ':' cannot stand in the name of a file that apt fetches.
std::string file_name(const PinnedPackage& package) {
    std::string version;
    for (const char c : package.version)
        version += c == ':' ? "%3a" : std::string(1, c);
    return package.name + "_" + version + "_" + package.architecture + ".deb";
}

/// A path inside the words of a hook, which mmdebstrap takes apart like a shell.
std::string in_quotes(const std::string& path) {
    return path.find('\'') == std::string::npos
               ? "'" + path + "'"
               : throw Error("cannot use the directory '" + path +
                             "' for temporary files: its name has a quote");
}

std::string listed(const std::vector<PinnedPackage>& packages) {
    std::string text;
    for (const PinnedPackage& package : packages)
        text += (text.empty() ? "" : ", ") + package.text();
    return text;
}

/// Whether packages may come from a mirror on this machine.
bool any_in_place(const DebianSource& source) {
    const auto lines = package_sources(source);
    return std::ranges::any_of(
        lines, [](const std::string& line) { return line.find(" file:") != line.npos; });
}

} // namespace

void require_pins(const DebianSource& source, const std::string& architecture) {
    std::set<std::string> names;
    for (const PinnedPackage& pin : source.pins)
        names.insert(pin.name);
    const auto offered = AptArchive(source, architecture).versions_of(names);
    std::vector<PinnedPackage> gone;
    std::vector<PinnedPackage> changed;
    for (const PinnedPackage& pin : source.pins) {
        const auto is_it = [&](const PinnedPackage& other) {
            return other.identity() == pin.identity();
        };
        if (std::ranges::none_of(offered, is_it))
            gone.push_back(pin);
        else if (std::ranges::none_of(offered, [&](const PinnedPackage& other) {
                     return is_it(other) && other.sha256 == pin.sha256;
                 }))
            changed.push_back(pin);
    }
    const std::string what_to_do =
        "; `quoin lock` takes what it has now, or add to 'mirrors' one "
        "that still has them, such as snapshot.debian.org's for that day";
    if (!gone.empty())
        throw refused(fmt::format("the Debian archive no longer has {} of {} locked packages: {}{}",
                                  gone.size(), source.pins.size(), listed(gone), what_to_do));
    if (!changed.empty())
        throw refused("the Debian archive has another SHA-256 than the lock file for: " +
                      listed(changed) + what_to_do);
}

std::string apt_preferences(const std::vector<PinnedPackage>& pins) {
    std::string text = "Package: *\nPin: release *\nPin-Priority: -1\n";
    for (const PinnedPackage& pin : pins)
        text += fmt::format("\nPackage: {}\nPin: version {}\nPin-Priority: 1001\n", pin.name,
                            pin.version);
    return text;
}

std::string package_checksums(const std::vector<PinnedPackage>& pins) {
    std::string text;
    for (const PinnedPackage& pin : pins)
        text += pin.sha256.hex() + "  " + file_name(pin) + "\n";
    return text;
}

std::string check_of_packages(const std::string& checksums, bool some_in_place) {
    // sha256sum's lines of what is there beside those of what should be. No pipes: they hide
    // failures.
    const std::string wanted = "\"$1" + checksums + "\"";
    const std::string there = "\"$1" + checksums + ".there\"";
    const std::string unlike = some_in_place ? "-23 " : "-3 "; // only what is too much, or both
    return "export LC_ALL=C && cd \"$1/var/cache/apt/archives\" && "
           "(set -- *.deb; [ \"$1\" = '*.deb' ] || sha256sum -- \"$@\") >" +
           there + " && sort -o " + there + " " + there + " && sort -o " + wanted + " " + wanted +
           " && other=$(comm " + unlike + there + " " + wanted +
           ") && "
           "{ [ -z \"$other\" ] || { printf '%s\\n' \"$other\"; echo '" +
           std::string(PinnedRun::refusal) + "'; exit 1; } >&2; }";
}

PinnedRun::PinnedRun(const DebianSource& source) {
    const auto upload = [&](const char* name, const std::string& text, const std::string& place) {
        const std::string path = directory_.path() + "/" + name;
        const auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
        pwrite_all(fd, bytes_of(text), 0, path);
        return "upload " + in_quotes(path) + " " + place;
    };
    const std::string preferences = "/etc/apt/preferences.d/00quoin-lock";
    const std::string checksums = "/tmp/quoin-lock.sha256";
    options_ = {"--setup-hook=" + upload("preferences", apt_preferences(source.pins), preferences),
                "--customize-hook=rm \"$1" + preferences + "\"",
                "--skip=essential/unlink", // packages are hashed at the end, then removed
                "--customize-hook=" +
                    upload("checksums", package_checksums(source.pins), checksums),
                "--customize-hook=" + check_of_packages(checksums, any_in_place(source))};
}

} // namespace quoin
