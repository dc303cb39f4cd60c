// SPDX-License-Identifier: Apache-2.0
// newc archives are written through libarchive; zstd is called directly, since the linked libzstd
// decides the bytes and reproducibility depends on its exact version.
#include "builder/stages/archive.hpp"

#include "base/error.hpp"
#include "base/handle.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <set>
#include <zstd.h>

namespace quoin {
namespace {

using Writer = Handle<archive, archive_write_free>;
using Reader = Handle<archive, archive_read_free>;
using Member = Handle<archive_entry, archive_entry_free>;

la_ssize_t append_to_bytes(archive*, void* target, const void* data, size_t size) {
    auto& bytes = *static_cast<Bytes*>(target);
    const auto* first = static_cast<const std::uint8_t*>(data);
    bytes.insert(bytes.end(), first, first + size);
    return static_cast<la_ssize_t>(size);
}

void check(archive* handle, int result, const std::string& doing) {
    if (result < ARCHIVE_OK)
        throw Error(doing + ": " + archive_error_string(handle));
}

class NewcWriter {
  public:
    explicit NewcWriter(Bytes& out) : archive_(archive_write_new()) {
        check(archive_.get(), archive_write_set_format_cpio_newc(archive_.get()), doing_);
        archive_write_set_bytes_per_block(archive_.get(), 0);
        check(archive_.get(),
              archive_write_open(archive_.get(), &out, nullptr, append_to_bytes, nullptr), doing_);
    }

    void add(const std::string& path, ByteView content, unsigned type, std::uint32_t mode) {
        const Member member(archive_entry_new());
        archive_entry_set_pathname(member.get(), path.c_str());
        archive_entry_set_filetype(member.get(), type);
        archive_entry_set_perm(member.get(), mode);
        archive_entry_set_size(member.get(), static_cast<la_int64_t>(content.size()));
        archive_entry_set_mtime(member.get(), 0, 0);
        archive_entry_set_nlink(member.get(), type == AE_IFDIR ? 2 : 1);
        archive_entry_set_ino64(member.get(), ++inode_);
        check(archive_.get(), archive_write_header(archive_.get(), member.get()), doing_);
        if (!content.empty() &&
            archive_write_data(archive_.get(), content.data(), content.size()) < 0)
            check(archive_.get(), ARCHIVE_FATAL, doing_);
    }

    void finish() { check(archive_.get(), archive_write_close(archive_.get()), doing_); }

  private:
    inline static const std::string doing_ = "cannot write cpio archive";
    Writer archive_;
    la_int64_t inode_ = 0;
};

} // namespace

Bytes newc_archive(const std::vector<CpioMember>& members) {
    Bytes out;
    NewcWriter writer(out);
    std::set<std::string> directories;
    for (const auto& member : members) {
        for (auto slash = member.path.find('/'); slash != std::string::npos;
             slash = member.path.find('/', slash + 1)) {
            const auto parent = member.path.substr(0, slash);
            if (directories.insert(parent).second)
                writer.add(parent, {}, AE_IFDIR, 0755);
        }
        if (!member.path.ends_with('/'))
            writer.add(member.path, member.content, AE_IFREG, member.mode);
    }
    writer.finish();
    return out;
}

Bytes decompressed(ByteView data, const std::string& name, std::uint64_t limit) {
    const auto doing = "cannot decompress '" + name + "'";
    const Reader reader(archive_read_new());
    archive_read_support_filter_gzip(reader.get());
    archive_read_support_filter_xz(reader.get());
    archive_read_support_filter_zstd(reader.get());
    archive_read_support_format_raw(reader.get());
    check(reader.get(), archive_read_open_memory(reader.get(), data.data(), data.size()), doing);
    archive_entry* entry = nullptr;
    const auto first = archive_read_next_header(reader.get(), &entry);
    check(reader.get(), first, doing);
    if (first == ARCHIVE_EOF) // what libarchive says of an empty file
        return {};

    Bytes out;
    Bytes buffer(256 << 10);
    for (;;) {
        const auto got = archive_read_data(reader.get(), buffer.data(), buffer.size());
        if (got < 0)
            check(reader.get(), ARCHIVE_FATAL, doing);
        if (got == 0)
            return out;
        if (out.size() + static_cast<std::size_t>(got) > limit)
            throw Error(doing + ": more than " + std::to_string(limit) + " bytes");
        out.insert(out.end(), buffer.begin(), buffer.begin() + got);
    }
}

Bytes zstd_compressed(ByteView data, int level, BlockCache* cache) {
    Bytes out(ZSTD_compressBound(data.size()));
    const Digest key = block_key(zstd_codec(level, data.size()), data);
    if (const auto found = cache != nullptr ? cache->find(key, out) : std::nullopt) {
        out.resize(*found);
        return out;
    }
    const auto size = ZSTD_compress(out.data(), out.size(), data.data(), data.size(), level);
    if (ZSTD_isError(size) != 0)
        throw Error(std::string("cannot compress: ") + ZSTD_getErrorName(size));
    out.resize(size);
    if (cache != nullptr)
        cache->add(key, out);
    return out;
}

} // namespace quoin
