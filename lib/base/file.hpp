// SPDX-License-Identifier: Apache-2.0
// Reading and writing files. Every byte Quoin puts on a medium goes through the functions of this
// header: they are the I/O seam at which tests inject faults.
#pragma once

#include "base/bytes.hpp"
#include "base/fd.hpp"

#include <cstdint>
#include <string>

namespace quoin {

/// Fills `out` from `offset`, or throws: Error(failed) on I/O errors, Error(refused) "… ends early"
/// when the file is shorter. `name` is for the message, here and below: a path, which is put in
/// quotes, or words that have theirs ("slot 'b'").
void pread_exact(FdRef fd, ByteSpan out, std::uint64_t offset, const std::string& name);

/// Writes all of `data` at `offset`, retrying short writes and EINTR. Not durable until synced.
void pwrite_all(FdRef fd, ByteView data, std::uint64_t offset, const std::string& name);

/// The same through a descriptor with O_DIRECT. False, with any part of it written, when the device
/// or file system wants other alignments or takes less than all: it has to go through the page
/// cache then.
[[nodiscard]] bool pwrite_direct(FdRef fd, ByteView data, std::uint64_t offset,
                                 const std::string& name);

/// write(2) of all of `data` at the file position: for pipes and stdout.
void write_all(FdRef fd, ByteView data, const std::string& name);

/// Lets the kernel begin to bring written data to the medium, so that a later sync is short.
/// Promises nothing, waits for nothing, cannot fail.
void begin_writeback(FdRef fd, std::uint64_t offset, std::uint64_t size) noexcept;

/// Waits until written data has left the page cache for the medium, so that it does not pile up.
/// Promises nothing of its durability, cannot fail: a later sync does and says.
void write_back(FdRef fd, std::uint64_t offset, std::uint64_t size) noexcept;

/// fdatasync / fsync; throws Error(failed).
void sync_data(FdRef fd, const std::string& name);
void sync_file(FdRef fd, const std::string& name);

/// syncfs(2) of the file system that `fd` lies on: on FAT nothing less moves directory records.
void sync_file_system(FdRef fd, const std::string& name);

/// The size of a regular file or a block device, in bytes.
[[nodiscard]] std::uint64_t size_of(FdRef fd, const std::string& name);

/// A whole file, at most `limit` bytes (Error(refused) when larger). Works on /proc and EFI
/// variables, whose stat size is zero.
[[nodiscard]] Bytes read_file(const std::string& path, std::uint64_t limit);
[[nodiscard]] std::string read_text(const std::string& path, std::uint64_t limit = 1 << 20);

/// The one way to replace a small file so that after a power cut it is the old or the new one,
/// whole: write to "path.new", fsync, rename, fsync the directory. Keeps no backup.
void replace_file_durably(const std::string& path, ByteView content, mode_t mode = 0644);

/// fsync of a directory, so that names created, renamed or removed in it last.
void sync_directory(const std::string& path);

/// The directory part of a path; "." when it has none.
[[nodiscard]] std::string parent_of(const std::string& path);

[[nodiscard]] bool exists(const std::string& path);

/// An output under construction: lies beside its final name as ".NAME.part-NUMBER" and is removed
/// by the destructor unless `commit()` gave it its name. Nothing half-written ever has a final
/// name.
class PendingFile {
  public:
    /// Creates the file (sparse, empty). Throws when the directory is not writable.
    explicit PendingFile(std::string final_path, mode_t mode = 0644);
    PendingFile(PendingFile&&) noexcept = default;
    PendingFile& operator=(PendingFile&&) = delete;
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;
    ~PendingFile();

    [[nodiscard]] FdRef fd() const { return fd_; }
    [[nodiscard]] const std::string& temporary_path() const { return temporary_path_; }
    [[nodiscard]] const std::string& final_path() const { return final_path_; }

    /// fsync, rename to the final name (replacing an older file), fsync of the directory.
    void commit();

    /// Gives it this name instead, at once and unsynced: for files whose readers verify them.
    void rename_to(const std::string& path);

  private:
    std::string final_path_;
    std::string temporary_path_;
    UniqueFd fd_;
};

/// A directory that is removed with all it holds when this object dies.
class TemporaryDirectory {
  public:
    /// Below `parent`, or $TMPDIR, or /tmp.
    explicit TemporaryDirectory(const std::string& parent = "");
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

} // namespace quoin
