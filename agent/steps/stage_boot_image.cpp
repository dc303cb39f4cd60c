// SPDX-License-Identifier: Apache-2.0
#include "agent/steps/stage_boot_image.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>

namespace quoin {

namespace {

constexpr std::size_t sector = 512;

/// The running boot image, read chunk by chunk.
class LocalImage {
  public:
    /// A file that cannot be opened holds nothing.
    explicit LocalImage(const std::string& path) : path_(path) {
        if (exists(path))
            fd_ = open_file(path, O_RDONLY);
    }

    /// True when the chunk is where the plan believes it to be; then content() is the chunk's.
    bool holds(const InstallPlan& plan, std::uint32_t number) {
        if (!fd_)
            return false;
        const Chunk chunk = plan.index().chunk(number);
        content_.resize(chunk.size);
        try {
            pread_exact(fd_, content_, plan.local_offset(number), path_);
        } catch (const Error&) {
            return false;
        }
        return chunk_hash(content_) == chunk.hash;
    }

    [[nodiscard]] ByteView content() const { return content_; }

  private:
    std::string path_;
    UniqueFd fd_;
    Bytes content_;
};

/// Yields the image from beginning to end, as BootLoader::stage wants it.
class BootImageStream {
  public:
    BootImageStream(InstallPlan& plan, const std::string& running_image,
                    const BootImagePieces& pieces, BundleSource& source, std::uint64_t data_start)
        : plan_(plan), pieces_(pieces), local_(running_image),
          numbers_(plan.fetched_with_boot_image()),
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
        if (plan_.origin(number) == ChunkOrigin::running) {
            if (!local_.holds(plan_, number))
                throw Error("cannot copy from the running boot image: it changed meanwhile");
            return local_.content();
        }
        const auto piece = pieces_.find(plan_.target_offset(number));
        return piece != pieces_.end() ? ByteView(piece->second) : fetcher_.next();
    }

    const InstallPlan& plan_;
    const BootImagePieces& pieces_;
    LocalImage local_;
    std::vector<std::uint32_t> numbers_; ///< to fetch
    ChunkFetcher fetcher_;
    std::uint32_t next_;
    ByteView rest_;
    Bytes first_sector_;
};

} // namespace

void settle_boot_image(InstallPlan& plan, const std::string& running_image) {
    LocalImage local(running_image);
    const IndexView& index = plan.index();
    for (std::uint32_t number = index.root_chunks(); number < index.size(); ++number)
        if (plan.origin(number) == ChunkOrigin::running && !local.holds(plan, number))
            plan.set_missing(number);
}

StagedBootImage stage_boot_image(BootLoader& loader, const Manifest& manifest, InstallPlan& plan,
                                 const std::string& running_image, const BootImagePieces& pieces,
                                 BundleSource& source, std::uint64_t data_start,
                                 const ProgressObserver& step) {
    StagedBootImage staged;
    staged.name = {manifest.id, manifest.version, BootEntryName::Counter{manifest.tries, 0}};
    BootImageStream stream(plan, running_image, pieces, source, data_start);
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
