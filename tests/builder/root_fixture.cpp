// SPDX-License-Identifier: Apache-2.0
#include "root_fixture.hpp"

#include "base/handle.hpp"
#include "builder/sources/utf8_locale.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fstream>
#include <random>
#include <stdexcept>
#include <sys/stat.h>

namespace quoin::test {

namespace {

mode_t file_type_of(EntryType type) {
    switch (type) {
    case EntryType::directory:
        return AE_IFDIR;
    case EntryType::symlink:
        return AE_IFLNK;
    case EntryType::character_device:
        return AE_IFCHR;
    case EntryType::block_device:
        return AE_IFBLK;
    case EntryType::fifo:
        return AE_IFIFO;
    default:
        return AE_IFREG;
    }
}

void expect_ok(int result, archive* writer) {
    if (result != ARCHIVE_OK)
        throw std::runtime_error(archive_error_string(writer));
}

} // namespace

Entry file_entry(const std::string& path, std::uint32_t mode) {
    Entry entry;
    entry.path = path;
    entry.mode = mode;
    entry.mtime = 1'000'000'000;
    return entry;
}

Entry directory_entry(const std::string& path, std::uint32_t mode) {
    Entry entry = file_entry(path, mode);
    entry.type = EntryType::directory;
    return entry;
}

Entry link_entry(const std::string& path, const std::string& target) {
    Entry entry = file_entry(path, 0777);
    entry.type = EntryType::symlink;
    entry.link_target = target;
    return entry;
}

Entry hard_link_entry(const std::string& path, const std::string& first) {
    Entry entry = file_entry(path);
    entry.type = EntryType::hard_link;
    entry.link_target = first;
    return entry;
}

TarBuilder& TarBuilder::add(Entry entry, const std::string& content) {
    if (entry.type == EntryType::file)
        entry.size = content.size();
    members_.push_back({std::move(entry), content});
    return *this;
}

std::string TarBuilder::bytes(const std::string& compression) const {
    const Utf8Locale locale;
    std::string result; // the writer fills it until it is gone
    const Handle<archive, archive_write_free> owned(archive_write_new());
    archive* writer = owned.get();
    expect_ok(archive_write_set_format_pax(writer), writer);
    archive_write_set_bytes_in_last_block(writer, 1); // no padding behind compressed data
    if (!compression.empty())
        expect_ok(archive_write_add_filter_by_name(writer, compression.c_str()), writer);
    expect_ok(archive_write_open(
                  writer, &result, nullptr,
                  [](archive*, void* target, const void* data, size_t size) -> la_ssize_t {
                      static_cast<std::string*>(target)->append(static_cast<const char*>(data),
                                                                size);
                      return static_cast<la_ssize_t>(size);
                  },
                  nullptr),
              writer);
    for (const auto& [entry, content] : members_) {
        const Handle<archive_entry, archive_entry_free> header(archive_entry_new());
        archive_entry_set_pathname(header.get(), entry.path.c_str());
        archive_entry_set_mode(header.get(), file_type_of(entry.type) | entry.mode);
        archive_entry_set_uid(header.get(), entry.uid);
        archive_entry_set_gid(header.get(), entry.gid);
        archive_entry_set_mtime(header.get(), entry.mtime, 0);
        archive_entry_set_size(header.get(), static_cast<la_int64_t>(content.size()));
        if (entry.type == EntryType::symlink)
            archive_entry_set_symlink(header.get(), entry.link_target.c_str());
        if (entry.type == EntryType::hard_link)
            archive_entry_set_hardlink(header.get(), entry.link_target.c_str());
        archive_entry_set_rdevmajor(header.get(), entry.device_major);
        archive_entry_set_rdevminor(header.get(), entry.device_minor);
        for (const auto& [key, value] : entry.xattrs)
            archive_entry_xattr_add_entry(header.get(), key.c_str(), value.data(), value.size());
        expect_ok(archive_write_header(writer, header.get()), writer);
        archive_write_data(writer, content.data(), content.size());
    }
    expect_ok(archive_write_close(writer), writer);
    return result;
}

void TarBuilder::write(const std::string& path, const std::string& compression) const {
    write_text(path, bytes(compression));
}

TarBuilder small_root() {
    TarBuilder tar;
    tar.directory(".").directory("boot").directory("etc").directory("usr").directory("usr/bin");
    tar.file("boot/vmlinuz-6.1.0-9", "old kernel").file("boot/vmlinuz-6.1.0-13", "new kernel");
    tar.file("boot/initrd.img-6.1.0-13", "initrd").link("vmlinuz", "boot/vmlinuz-6.1.0-13");
    tar.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/usr/sbin/nologin\n");
    tar.file("etc/shadow", "root:$y$hash:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n", 0640);
    tar.file("etc/group", "root:x:0:\nsudo:x:27:\nstaff:x:1000:\n");
    tar.file("etc/gshadow", "root:*::\nsudo:*::\n", 0640);
    tar.link("etc/os-release", "../usr/lib/os-release");
    tar.link("lib", "usr/lib");
    tar.file("usr/bin/true", "program", 0755).hard_link("usr/bin/false", "usr/bin/true");
    tar.file("usr/lib/os-release", "ID=debian\nIMAGE_VERSION=0\n");
    tar.file("usr/lib/modules/6.1.0-13/modules.dep", "");
    tar.file("usr/lib/systemd/systemd", "program", 0755);
    tar.file("usr/lib/systemd/system/ssh.service",
             "[Unit]\n[Install]\nWantedBy=multi-user.target\nAlias=sshd.service\n");
    tar.file("usr/lib/systemd/system/tty@.service", "[Install]\nWantedBy=getty.target\n");
    return tar;
}

Recipe recipe_for_tar(const std::string& path) {
    Recipe recipe;
    recipe.id = "node";
    recipe.version = "1.2.3";
    recipe.architecture = "x86-64";
    recipe.hostname = "box";
    recipe.source = TarSource{path};
    recipe.persist = {"/var/lib/quoin"};
    return recipe;
}

void write_text(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string noise(std::size_t size, std::uint32_t seed) {
    std::mt19937 generator(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(generator());
    return bytes;
}

} // namespace quoin::test

/// libsquashfs loses blocks that are in flight when another one cannot be written.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libsquashfs.so\n";
}
