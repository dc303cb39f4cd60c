// SPDX-License-Identifier: Apache-2.0
#include "early/persistence.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/directory.hpp"
#include "early/file_system_check.hpp"
#include "early/mounts.hpp"
#include "early/seeding.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

namespace quoin::early {

/// No MS_NOSUID: bound directories inherit it, and containers kept in one may need it.
static constexpr unsigned long data_flags = MS_NODEV | MS_NOATIME;

/// What cannot be written gets a layer in memory: everything on the node goes on as always, and
/// what it writes is gone with the next boot.
static void lay_memory_over(const std::string& directory) {
    const std::string upper = sysroot + "/run/quoin/volatile/data";
    const std::string work = upper + ".work";
    make_directory(upper);
    make_directory(work);
    mount_at("overlay", directory, "overlay", data_flags,
             "lowerdir=" + directory + ",upperdir=" + upper + ",workdir=" + work);
}

DataMount mount_data(const std::string& device) {
    DataMount data{.directory = sysroot + "/run/quoin/data"};
    make_directory(data.directory);
    const auto try_mount = [&](unsigned long flags, const char* options) {
        data.mounted = ::mount(device.c_str(), data.directory.c_str(), "ext4", data_flags | flags,
                               options) == 0;
        return data.mounted;
    };
    const std::string lost = "what is written now is lost at the next boot";
    if (device.empty()) {
        data.note = "cannot find a data partition; " + lost;
    } else if (!try_mount(0, "")) {
        const std::string cause =
            system_error("cannot mount data partition '" + device + "'").what();
        const std::string check = check_file_system(device);
        data.note = cause + "; " + check;
        if (try_mount(0, "")) {
            data.note += "; it is mounted now";
        } else if (try_mount(MS_RDONLY, "noload")) { // the journal may be what is damaged
            lay_memory_over(data.directory);
            data.note += "; it is mounted read-only, and " + lost;
        } else {
            data.note += "; " + lost;
        }
    }
    if (!data.mounted)
        mount_at("tmpfs", data.directory, "tmpfs", data_flags, "mode=0755,size=25%");
    return data;
}

static std::string path_of(FdRef fd) {
    return "/proc/self/fd/" + std::to_string(fd.get());
}

/// mkdir -p in the root. Parts that exist may be symbolic links, which stay inside the root.
static UniqueFd open_target(FdRef root, const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (!open_in_root(root, part)) {
            const std::string parent = part.substr(0, part.rfind('/'));
            const UniqueFd directory = open_in_root(root, parent.empty() ? "/" : parent);
            const std::string name = part.substr(part.rfind('/') + 1);
            if (::mkdirat(directory.get(), name.c_str(), 0755) != 0)
                throw system_error("the image has no directory '" + part + "'");
        }
        if (end == std::string::npos)
            return open_in_root(root, path);
    }
}

static void bind(FdRef root, const std::string& path, const std::string& persist_path) {
    const UniqueFd target = open_target(root, path);
    const UniqueFd persist = open_file(persist_path, O_RDONLY | O_DIRECTORY);
    const UniqueFd source = open_seeded(persist, path, root);
    mount_at(path_of(source), path_of(target), "", MS_BIND);
}

std::vector<std::string> bind_persistent_directories(const DataMount& data,
                                                     const std::string& list_file) {
    std::vector<std::string> notes;
    try {
        if (!exists(list_file))
            return notes;
        const std::string persist_path = data.directory + "/persist";
        make_directory(persist_path);
        const UniqueFd root = open_file(sysroot, O_RDONLY | O_DIRECTORY);
        for (const std::string& path : parse_persistent_directories(read_text(list_file))) {
            try {
                bind(root, path, persist_path);
            } catch (const Error& e) {
                notes.push_back("cannot keep '" + path + "': " + e.what());
            }
        }
    } catch (const Error& e) {
        notes.emplace_back(e.what());
    }
    return notes;
}

} // namespace quoin::early
