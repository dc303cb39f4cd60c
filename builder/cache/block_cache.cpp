// SPDX-License-Identifier: Apache-2.0
// Every build that found something missing leaves one pack. A new pack takes in those that are not
// much larger, so that sizes grow geometrically and there are never more than a few dozen. None
// grows beyond what can be forgotten as a whole.
#include "builder/cache/block_cache.hpp"

#include "base/error.hpp"
#include "base/units.hpp"
#include "builder/cache/cache_directory.hpp"

#include <filesystem>
#include <zstd.h>

namespace quoin {

namespace {

constexpr std::uint64_t taken_in_up_to = 2; // times the new pack's size
constexpr std::uint64_t largest_merged = 1 * GiB;

} // namespace

Digest zstd_codec(int level, std::uint64_t block_size) {
    return sha256(bytes_of("quoin block: zstd " + std::string(ZSTD_versionString()) + " level " +
                           std::to_string(level) + " block " + std::to_string(block_size)));
}

Digest block_key(const Digest& codec, ByteView raw) {
    return sha256(codec.bytes, raw);
}

BlockCache::BlockCache(std::string directory) : directory_(std::move(directory)) {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error)
        throw Error("cannot create cache directory '" + directory_ + "': " + error.message());
    for (const CacheFile& file : list_cache(directory_)) {
        if (file.kind != CacheFileKind::blocks)
            continue;
        if (auto pack = Pack::open(directory_ + "/" + file.name))
            packs_.push_back(std::make_unique<UsedPack>(std::move(*pack)));
    }
}

std::optional<std::size_t> BlockCache::find(const Digest& key, ByteSpan out) noexcept {
    for (const auto& each : packs_)
        if (const auto size = each->pack.read(key, out)) {
            each->used = true;
            ++found_;
            return size;
        }
    return std::nullopt;
}

/// The caller holds the mutex.
template <typename Body>
void BlockCache::unless_failed(Body&& body) noexcept {
    if (failure_)
        return;
    try {
        body();
    } catch (const std::exception& error) {
        failure_ = error.what();
        writer_.reset();
    }
}

void BlockCache::add(const Digest& key, ByteView block) noexcept {
    const std::lock_guard lock(mutex_);
    unless_failed([&] {
        if (!added_.insert(key).second)
            return;
        if (!writer_)
            writer_.emplace(directory_);
        writer_->add(key, block);
    });
}

void BlockCache::take_in(const Pack& pack, const ProgressObserver& progress) {
    Bytes block;
    std::uint64_t done = 0;
    for (const PackRecord& record : pack.records()) {
        if (progress)
            progress(done += record.size, pack.size());
        block.resize(record.size);
        if (!added_.contains(record.key) && pack.read(record.key, block)) {
            writer_->add(record.key, block);
            added_.insert(record.key);
        }
    }
}

void BlockCache::commit(const ProgressObserver& progress) noexcept {
    const std::lock_guard lock(mutex_);
    unless_failed([&] {
        for (const auto& each : packs_)
            if (each->used)
                mark_used(each->pack.fd());
        std::set<std::string> taken_in;
        if (writer_) { // after that: the new pack is the last to be trimmed
            for (const auto& each : packs_)
                if (each->pack.size() <= taken_in_up_to * writer_->size() &&
                    each->pack.size() + writer_->size() <= largest_merged) {
                    take_in(each->pack, progress);
                    taken_in.insert(each->pack.path());
                }
            taken_in.erase(writer_->commit()); // the name of a damaged pack with the same index
            writer_.reset();
        }
        // Another build may still use one of them: it has it open.
        std::error_code ignored; // what stays is only twice there
        for (const std::string& path : taken_in)
            (void)std::filesystem::remove(path, ignored);
    });
}

} // namespace quoin
