// SPDX-License-Identifier: Apache-2.0
// From a recipe's source to a squashfs with its verity leaves and block index, in one pass.
#pragma once

#include "base/progress.hpp"
#include "base/region.hpp"
#include "builder/cache/block_cache.hpp"
#include "builder/recipe.hpp"
#include "builder/squashfs/file_place.hpp"
#include "disk/slot_index.hpp"
#include "disk/verity.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// A file that Quoin itself puts into the root (agent, units, trust anchors, image.json).
struct AddedFile {
    std::string path; ///< relative to the root
    std::uint32_t mode = 0644;
    Bytes content;
    std::string link_target; ///< a symlink when not empty
};

struct RootImageOptions {
    std::vector<AddedFile> added;
    std::string cache_directory;  ///< "" for none: where built Debian roots are kept as tars
    BlockCache* blocks = nullptr; ///< compressed blocks of earlier builds
    ProgressObserver progress;    ///< bytes of the source
    unsigned workers =
        0; ///< compressing threads; 0: one a processor. The bytes do not depend on it
    std::string name = "root image"; ///< of what is written to, for messages
    std::string scratch_directory;   ///< for a temporary file of 1/128 of the root; "": $TMPDIR
};

/// What one pass over the source yields.
struct RootImage {
    std::uint64_t size = 0; ///< of the squashfs, a multiple of 4096
    VerityLeaves leaves;
    std::vector<Chunk> chunks;         ///< of the root, gapless, in order
    std::string kernel_release;        ///< "6.1.0-50-cloud-amd64"
    Bytes kernel;                      ///< vmlinuz, taken out of the root
    std::string os_release;            ///< with IMAGE_ID and IMAGE_VERSION, as in the root
    std::int64_t time = 0;             ///< of the image; none in it is later
    std::vector<std::string> warnings; ///< what the agent or booting needs and the root lacks
};

/// Writes the squashfs of `recipe` to `out` at `offset` (the root partition's place in the image;
/// nothing outside [offset, offset + result.size) is touched).
[[nodiscard]] RootImage write_root_image(const Recipe& recipe, const RootImageOptions& options,
                                         FdRef out, std::uint64_t offset);

/// Reads files out of a finished squashfs (modules, microcode, package lists): random access.
class RootReader {
  public:
    RootReader(FdRef image, std::uint64_t offset, std::uint64_t size);
    ~RootReader();
    RootReader(const RootReader&) = delete;
    RootReader& operator=(const RootReader&) = delete;
    /// Whole content of a regular file, symlinks followed within the root; nothing when absent.
    /// Throws Error(refused) when it is larger than `limit` or the squashfs is damaged.
    [[nodiscard]] std::optional<Bytes> read(const std::string& path,
                                            std::uint64_t limit = 256 << 20);
    /// Bytes of a regular file, 0 when it is absent; otherwise like read().
    [[nodiscard]] std::uint64_t size_of(const std::string& path);
    /// SHA-256 of what is in a regular file of any size; otherwise like read().
    [[nodiscard]] std::optional<Digest> digest(const std::string& path);
    /// Names in a directory, sorted; empty when it is absent.
    [[nodiscard]] std::vector<std::string> list(const std::string& path);
    /// Every entry below the root with its metadata, directories before what is in them; for
    /// `diff`.
    struct File {
        std::string path;
        char type = '-'; ///< as in ls: - d l b c p s
        std::uint32_t mode = 0, uid = 0, gid = 0;
        std::uint32_t mtime = 0;
        std::uint64_t size = 0;
        std::string target;
        std::map<std::string, Bytes> xattrs;
    };
    [[nodiscard]] std::vector<File> walk();
    /// The paths below a directory that are `wanted`, in the order of `walk`; no symlink is
    /// followed to it.
    [[nodiscard]] std::vector<std::string>
    paths_below(const std::string& directory,
                const std::function<bool(const std::string& path)>& wanted);
    /// Calls `use` for every regular file: those of a directory before those of its directories,
    /// so that no more than one directory's are in memory.
    void each_file(const std::function<void(const std::string& path, const FilePlace&)>& use);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace quoin
