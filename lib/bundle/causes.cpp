// SPDX-License-Identifier: Apache-2.0
#include "bundle/causes.hpp"

#include <algorithm>
#include <map>

namespace quoin {

namespace {

constexpr const char* no_package = "(no package)";
constexpr const char* tables = "(file system tables)";
constexpr const char* boot_headers = "(headers of the boot image)";
constexpr const char* packed_anew = "(unchanged files packed anew)";

class Tally {
  public:
    void add(std::string_view package, std::string_view file, std::uint64_t bytes) {
        packages_[std::string(package)] += bytes;
        files_[std::string(file)] += bytes;
    }

    [[nodiscard]] Causes finish() const { return {ranked(packages_), ranked(files_)}; }

  private:
    static std::vector<Cause> ranked(const std::map<std::string, std::uint64_t>& sums) {
        std::vector<Cause> causes;
        for (const auto& [name, bytes] : sums)
            if (bytes > 0)
                causes.push_back({name, bytes});
        std::ranges::stable_sort(causes, std::ranges::greater(), &Cause::bytes);
        return causes;
    }

    std::map<std::string, std::uint64_t> packages_;
    std::map<std::string, std::uint64_t> files_;
};

/// A missing chunk whose bytes are being divided.
struct Divided {
    bool missing = false;
    bool holds_files = false;
    const Chunk* chunk = nullptr;
    std::uint64_t bytes = 0;  ///< not given to an entry yet
    std::uint64_t weight = 0; ///< of the entries that have not got theirs yet
};

std::vector<Divided> missing_chunks(const SlotIndex& index, const std::vector<bool>& missing) {
    std::vector<Divided> chunks;
    chunks.reserve(missing.size());
    for (const auto* part : {&index.root, &index.uki})
        for (const Chunk& chunk : *part) {
            const bool is_missing = missing.at(chunks.size());
            chunks.push_back({is_missing, false, &chunk, is_missing ? chunk.size : 0, 0});
        }
    return chunks;
}

/// Calls `use(entry, chunk, weight)` for each missing chunk that an entry lies in.
template <typename Use>
void each_share(const Contents& contents, std::vector<Divided>& chunks, Use use) {
    const auto visit = [&](const ContentsEntry& entry, std::uint32_t number, std::uint64_t weight) {
        if (chunks[number].missing)
            use(entry, chunks[number], weight);
    };
    for (const ContentsEntry& entry : contents.entries) {
        for (std::uint32_t i = 0; i < entry.chunks; ++i)
            visit(entry, entry.first_chunk + i, 1);
        if (entry.tail_chunk != ContentsEntry::no_tail)
            visit(entry, entry.tail_chunk, std::max(entry.tail_size, 1U));
    }
}

bool is_cause(const ContentsEntry& entry, const Divided& divided) {
    return entry.generation == divided.chunk->generation;
}

const char* cause_without_entry(const Divided& divided) {
    if (divided.holds_files)
        return packed_anew;
    return divided.chunk->kind == ChunkKind::uki ? boot_headers : tables;
}

} // namespace

Causes find_causes(const Contents& contents, const SlotIndex& index,
                   const std::vector<bool>& missing) {
    std::vector<Divided> chunks = missing_chunks(index, missing);
    each_share(contents, chunks,
               [](const ContentsEntry& entry, Divided& divided, std::uint64_t weight) {
                   divided.holds_files = true;
                   divided.weight += is_cause(entry, divided) ? weight : 0;
               });
    Tally tally;
    each_share(contents, chunks,
               [&](const ContentsEntry& entry, Divided& divided, std::uint64_t weight) {
                   if (!is_cause(entry, divided))
                       return;
                   // Of what is left in proportion to what is left: nothing is lost by rounding.
                   const std::uint64_t part = divided.bytes * weight / divided.weight;
                   divided.bytes -= part;
                   divided.weight -= weight;
                   tally.add(entry.package.empty() ? std::string_view(no_package) : entry.package,
                             entry.name, part);
               });
    for (const Divided& divided : chunks)
        if (const char* cause = cause_without_entry(divided); divided.bytes > 0)
            tally.add(cause, cause, divided.bytes);
    return tally.finish();
}

std::vector<Cause> largest(const std::vector<Cause>& causes, std::size_t count) {
    const auto end = causes.begin() + static_cast<std::ptrdiff_t>(std::min(count, causes.size()));
    return {causes.begin(), end};
}

} // namespace quoin
