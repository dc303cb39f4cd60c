// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/stage_boot_image.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t sector = 512;

UniqueFd open_if_readable(const std::string& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// The local boot images, read chunk by chunk.
class LocalChunks {
  public:
    explicit LocalChunks(const LocalBootImages& paths)
        : paths_(paths), running_(open_if_readable(paths.running)),
          staged_(open_if_readable(paths.staged)) {}

    /// True when the chunk is where the plan believes it to be, which is not in the bundle; then
    /// content() is the chunk's.
    bool holds(const InstallPlan& plan, std::uint32_t number) {
        const Chunk chunk = plan.index().chunk(number);
        content_.resize(chunk.size);
        if (plan.origin(number) == ChunkOrigin::running) {
            if (!read(running_, paths_.running, plan.local_offset(number)))
                return false;
        } else if (!read(staged_, paths_.staged, plan.target_offset(number))) {
            staged_ = UniqueFd(); // it ends there
            return false;
        }
        return chunk_hash(content_) == chunk.hash;
    }

    [[nodiscard]] ByteView content() const { return content_; }

  private:
    bool read(const UniqueFd& fd, const std::string& path, std::uint64_t offset) {
        try {
            if (fd)
                pread_exact(fd, content_, offset, path);
            return static_cast<bool>(fd);
        } catch (const Error&) {
            return false;
        }
    }

    const LocalBootImages& paths_;
    UniqueFd running_;
    UniqueFd staged_;
    Bytes content_;
};

/// Yields the image from beginning to end, as BootLoader::stage wants it.
class BootImageStream {
  public:
    BootImageStream(InstallPlan& plan, const LocalBootImages& local, const BootImagePieces& pieces,
                    BundleSource& source, std::uint64_t data_start)
        : plan_(plan), pieces_(pieces), local_(local), numbers_(plan.fetched_with_boot_image()),
          fetcher_(source, data_start, plan.wanted(numbers_)), next_(plan.index().root_chunks()) {}

    std::size_t read(ByteSpan out) {
        if (rest_.empty() && next_ < plan_.index().size())
            rest_ = content_of(next_++);
        const std::size_t count = std::min(rest_.size(), out.size());
        std::copy_n(rest_.begin(), count, out.begin());
        rest_ = rest_.subspan(count);
        const auto start = out.first(std::min(count, sector - first_sector_.size()));
        first_sector_.insert(first_sector_.end(), start.begin(), start.end());
        return count;
    }

    [[nodiscard]] const Bytes& first_sector() const { return first_sector_; }
    [[nodiscard]] std::uint64_t fetched() const { return fetcher_.delivered(); }

  private:
    ByteView content_of(std::uint32_t number) {
        if (plan_.origin(number) != ChunkOrigin::bundle) {
            if (!local_.holds(plan_, number))
                throw Error("cannot use what is here of the boot image: it changed meanwhile");
            return local_.content();
        }
        const auto piece = pieces_.find(plan_.target_offset(number));
        return piece != pieces_.end() ? ByteView(piece->second) : fetcher_.next();
    }

    const InstallPlan& plan_;
    const BootImagePieces& pieces_;
    LocalChunks local_;
    std::vector<std::uint32_t> numbers_; ///< to fetch
    ChunkFetcher fetcher_;
    std::uint32_t next_;
    ByteView rest_;
    Bytes first_sector_;
};

} // namespace

BootEntryName staged_name(const Manifest& manifest) {
    return {manifest.id, manifest.version, BootEntryName::Counter{manifest.tries, 0}};
}

void settle_boot_image(InstallPlan& plan, const LocalBootImages& local) {
    plan.use_staged();
    LocalChunks chunks(local);
    const IndexView& index = plan.index();
    for (std::uint32_t number = index.root_chunks(); number < index.size(); ++number)
        while (plan.origin(number) != ChunkOrigin::bundle && !chunks.holds(plan, number))
            plan.set_missing(number);
}

StagedBootImage stage_boot_image(BootLoader& loader, const Manifest& manifest, InstallPlan& plan,
                                 const LocalBootImages& local, const BootImagePieces& pieces,
                                 BundleSource& source, std::uint64_t data_start,
                                 const ProgressObserver& step) {
    StagedBootImage staged;
    staged.name = staged_name(manifest);
    BootImageStream stream(plan, local, pieces, source, data_start);
    std::uint64_t done = 0;
    loader.stage(staged.name, manifest.uki_size, manifest.uki_sha256.hex(), [&](ByteSpan buffer) {
        const std::size_t count = stream.read(buffer);
        step(done += count, manifest.uki_size);
        return count;
    });
    staged.first_sector = stream.first_sector();
    staged.fetched = stream.fetched();
    return staged;
}

} // namespace quoin
