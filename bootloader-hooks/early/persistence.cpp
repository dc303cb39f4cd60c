// SPDX-License-Identifier: Apache-2.0
#include "early/persistence.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "early/directory.hpp"
#include "early/mounts.hpp"
#include "early/seeding.hpp"

#include <cerrno>
#include <sys/mount.h>
#include <sys/stat.h>

namespace quoin::early {

/// No MS_NOSUID: bound directories inherit it, and containers kept in one may need it.
static constexpr unsigned long data_flags = MS_NODEV | MS_NOATIME;

DataMount mount_data(const std::string& device) {
    DataMount data{.directory = sysroot + "/run/quoin/data"};
    make_directory(data.directory);
    const auto try_mount = [&](unsigned long flags, const char* options) {
        data.mounted = ::mount(device.c_str(), data.directory.c_str(), "ext4", data_flags | flags,
                               options) == 0;
        return data.mounted;
    };
    if (device.empty()) {
        data.note = "cannot find a data partition; what is written now is lost at the next boot";
    } else if (try_mount(0, "")) {
        data.writable = true;
        return data;
    } else {
        const std::string cause =
            system_error("cannot mount data partition '" + device + "'").what();
        // "noload" leaves the journal alone, which may be what is damaged.
        if (try_mount(MS_RDONLY, "noload")) {
            data.note = cause + "; it is mounted read-only";
            return data;
        }
        data.note = cause + "; what is written now is lost at the next boot";
    }
    mount_at("tmpfs", data.directory, "tmpfs", data_flags, "mode=0755,size=25%");
    data.writable = true;
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

/// Where data cannot be written, only what is there already can be bound.
static UniqueFd open_source(FdRef persist, const std::string& path, FdRef root, bool writable) {
    if (writable)
        return open_seeded(persist, path, root);
    UniqueFd source = open_in_root(persist, path);
    if (!source)
        throw Error("it was never kept, and the data partition is read-only");
    return source;
}

static void bind(FdRef root, const std::string& path, const DataMount& data,
                 const std::string& persist_path) {
    const UniqueFd target = open_target(root, path);
    const UniqueFd persist = open_file(persist_path, O_RDONLY | O_DIRECTORY);
    const UniqueFd source = open_source(persist, path, root, data.writable);
    mount_at(path_of(source), path_of(target), "", MS_BIND);
}

std::vector<std::string> bind_persistent_directories(const DataMount& data,
                                                     const std::string& list_file) {
    std::vector<std::string> notes;
    try {
        if (!exists(list_file))
            return notes;
        const std::string persist_path = data.directory + "/persist";
        if (data.writable)
            make_directory(persist_path);
        const UniqueFd root = open_file(sysroot, O_RDONLY | O_DIRECTORY);
        for (const std::string& path : parse_persistent_directories(read_text(list_file))) {
            try {
                bind(root, path, data, persist_path);
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
