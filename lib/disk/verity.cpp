// SPDX-License-Identifier: Apache-2.0
// One block holds 128 hashes of 32 bytes, so a level is 1/128 of the one below. Hashes climb: when
// a level's block is full it goes out, and its own hash enters the level above. The block of the
// top level is hashed once, at the end, and that is the root hash.
#include "disk/verity.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace quoin {
namespace {

constexpr std::uint64_t hash_size = sizeof(Digest::bytes);
constexpr std::uint64_t hashes_per_block = verity_block_size / hash_size;

constexpr std::size_t scratch_piece = 64 << 10; // all that is written to the file of leaves at once

std::uint64_t count_blocks(std::uint64_t data_size) {
    if (data_size == 0 || data_size % verity_block_size != 0)
        throw refused("cannot make a verity tree for " + std::to_string(data_size) +
                      " bytes: not a positive multiple of " + std::to_string(verity_block_size));
    return data_size / verity_block_size;
}

/// Blocks of each level, the leaves' first. Empty for one data block.
std::vector<std::uint64_t> level_sizes(std::uint64_t data_blocks) {
    std::vector<std::uint64_t> sizes;
    for (std::uint64_t hashes = data_blocks; hashes > 1;) {
        hashes = round_up(hashes, hashes_per_block) / hashes_per_block;
        sizes.push_back(hashes);
    }
    return sizes;
}

/// Hands `data` on in whole blocks; `partial` keeps what is left until the next call.
template <typename Consume>
void split_into_blocks(Bytes& partial, ByteView data, Consume consume) {
    while (!data.empty()) {
        if (partial.empty() && data.size() >= verity_block_size) {
            consume(data.first(verity_block_size));
            data = data.subspan(verity_block_size);
            continue;
        }
        const std::size_t taken = std::min(data.size(), verity_block_size - partial.size());
        partial.insert(partial.end(), data.begin(),
                       data.begin() + static_cast<std::ptrdiff_t>(taken));
        data = data.subspan(taken);
        if (partial.size() == verity_block_size) {
            consume(partial);
            partial.clear();
        }
    }
}

/// The levels above the data: takes leaf hashes in order, gives out tree blocks as they fill.
class Tree {
  public:
    Tree(const VerityParameters& parameters, std::uint64_t data_blocks,
         VerityWriter::BlockSink sink)
        : parameters_(parameters), data_blocks_(data_blocks), sink_(std::move(sink)) {
        std::uint64_t offset = verity_block_size; // behind the superblock, top level first
        const auto sizes = level_sizes(data_blocks);
        levels_.resize(sizes.size());
        for (std::size_t i = sizes.size(); i-- > 0;) {
            levels_[i].next_offset = offset;
            offset += sizes[i] * verity_block_size;
        }
    }

    void add_leaf(const Digest& digest) { add(0, digest); }

    /// After exactly `data_blocks` leaves.
    Digest finish() {
        for (std::size_t i = 0; i < levels_.size(); ++i)
            if (!levels_[i].block.empty())
                complete_block(i);
        if (sink_)
            sink_(0, make_verity_superblock(parameters_, data_blocks_));
        return root_;
    }

  private:
    struct Level {
        std::uint64_t next_offset = 0;
        Bytes block;
    };

    void add(std::size_t level, const Digest& digest) {
        if (level == levels_.size()) {
            root_ = digest;
            return;
        }
        Bytes& block = levels_[level].block;
        block.insert(block.end(), digest.bytes.begin(), digest.bytes.end());
        if (block.size() == verity_block_size)
            complete_block(level);
    }

    void complete_block(std::size_t index) {
        Level& level = levels_[index];
        level.block.resize(verity_block_size); // the last one of a level is padded with zeros
        if (sink_)
            sink_(level.next_offset, level.block);
        level.next_offset += verity_block_size;
        const Digest digest = sha256(parameters_.salt, level.block);
        level.block.clear();
        add(index + 1, digest);
    }

    VerityParameters parameters_;
    std::uint64_t data_blocks_;
    VerityWriter::BlockSink sink_;
    std::vector<Level> levels_; ///< the leaves' first
    Digest root_;
};

} // namespace

std::uint64_t verity_area_size(std::uint64_t data_size) {
    std::uint64_t blocks = 1; // the superblock
    for (const std::uint64_t size : level_sizes(count_blocks(data_size)))
        blocks += size;
    return blocks * verity_block_size;
}

struct VerityWriter::State {
    State(const VerityParameters& chosen, std::uint64_t size, BlockSink sink)
        : parameters(chosen), missing(size), tree(chosen, count_blocks(size), std::move(sink)) {}

    VerityParameters parameters;
    std::uint64_t missing; ///< bytes still to come
    Tree tree;
    Bytes partial;
};

VerityWriter::VerityWriter(const VerityParameters& parameters, std::uint64_t data_size,
                           BlockSink sink)
    : state_(std::make_unique<State>(parameters, data_size, std::move(sink))) {}

VerityWriter::~VerityWriter() = default;

void VerityWriter::update(ByteView data) {
    if (data.size() > state_->missing)
        throw Error("cannot make a verity tree: more data than announced");
    state_->missing -= data.size();
    split_into_blocks(state_->partial, data, [this](ByteView block) {
        state_->tree.add_leaf(sha256(state_->parameters.salt, block));
    });
}

Digest VerityWriter::finish() {
    if (state_->missing != 0)
        throw Error("cannot make a verity tree: " + std::to_string(state_->missing) +
                    " bytes of the data are missing");
    return state_->tree.finish();
}

void VerityLeaves::update(ByteView data) {
    split_into_blocks(partial_, data, [this](ByteView block) {
        const Digest leaf = sha256(parameters_.salt, block);
        recent_.insert(recent_.end(), leaf.bytes.begin(), leaf.bytes.end());
        if (recent_.size() < scratch_piece)
            return;
        pwrite_all(scratch_, recent_, stored_, scratch_name_);
        stored_ += recent_.size();
        recent_.clear();
    });
}

void VerityLeaves::rewrite(std::uint64_t offset, ByteView data) {
    const std::uint64_t hashed = leaves_size() / hash_size * verity_block_size;
    if (offset % verity_block_size != 0 || data.size() % verity_block_size != 0 ||
        offset > hashed || data.size() > hashed - offset)
        throw Error("cannot hash rewritten data: not whole blocks that were hashed before");
    std::uint64_t place = offset / verity_block_size * hash_size;
    for (; !data.empty(); data = data.subspan(verity_block_size), place += hash_size) {
        const Digest leaf = sha256(parameters_.salt, data.first(verity_block_size));
        if (place < stored_)
            pwrite_all(scratch_, leaf.bytes, place, scratch_name_);
        else
            std::ranges::copy(leaf.bytes,
                              recent_.begin() + static_cast<std::ptrdiff_t>(place - stored_));
    }
}

std::uint64_t VerityLeaves::data_size() const {
    return leaves_size() / hash_size * verity_block_size + partial_.size();
}

Digest VerityLeaves::finish(const VerityWriter::BlockSink& sink) const {
    Tree tree(parameters_, count_blocks(data_size()), sink);
    const auto add = [&tree](ByteView leaves) {
        for (; !leaves.empty(); leaves = leaves.subspan(hash_size))
            tree.add_leaf(load<Digest>(leaves));
    };
    Bytes piece(scratch_piece);
    for (std::uint64_t done = 0; done < stored_; done += piece.size()) {
        pread_exact(scratch_, piece, done, scratch_name_);
        add(piece);
    }
    add(recent_);
    return tree.finish();
}

} // namespace quoin
