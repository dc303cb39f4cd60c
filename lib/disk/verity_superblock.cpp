// SPDX-License-Identifier: Apache-2.0
// What names a verity tree: superblock, salt, partition UUIDs.
#include "disk/verity.hpp"

#include <algorithm>

namespace quoin {
namespace {

/// libcryptsetup's superblock, version 1; the rest of its block is zero.
struct Superblock {
    std::array<char, 8> signature;
    le32 version;
    le32 hash_type;
    std::array<std::uint8_t, 16> uuid;
    std::array<char, 32> algorithm;
    le32 data_block_size;
    le32 hash_block_size;
    le64 data_blocks;
    le16 salt_size;
    std::array<std::uint8_t, 6> padding;
    std::array<std::uint8_t, 256> salt;
    std::array<std::uint8_t, 168> padding_behind;
};
static_assert(sizeof(Superblock) == 512);

constexpr std::array<char, 8> superblock_signature = {'v', 'e', 'r', 'i', 't', 'y', '\0', '\0'};
constexpr std::array<char, 32> superblock_algorithm = {'s', 'h', 'a', '2', '5', '6'};

Uuid uuid_of(const Digest& digest, std::ptrdiff_t offset) {
    Uuid uuid;
    std::copy_n(digest.bytes.begin() + offset, uuid.bytes.size(), uuid.bytes.begin());
    return uuid;
}

} // namespace

VerityParameters VerityParameters::derived_from(std::string_view image_id) {
    VerityParameters parameters;
    parameters.salt = sha256(bytes_of("quoin:verity-salt:"), bytes_of(image_id)).bytes;
    parameters.uuid = derived_uuid("verity-superblock", image_id);
    return parameters;
}

Bytes make_verity_superblock(const VerityParameters& parameters, std::uint64_t data_blocks) {
    Superblock superblock{};
    superblock.signature = superblock_signature;
    superblock.version = 1;
    superblock.hash_type = 1;
    superblock.uuid = parameters.uuid.bytes;
    superblock.algorithm = superblock_algorithm;
    superblock.data_block_size = verity_block_size;
    superblock.hash_block_size = verity_block_size;
    superblock.data_blocks = data_blocks;
    superblock.salt_size = static_cast<std::uint16_t>(parameters.salt.size());
    std::copy(parameters.salt.begin(), parameters.salt.end(), superblock.salt.begin());

    const ByteView content = view_of(superblock);
    Bytes block(content.begin(), content.end());
    block.resize(verity_block_size);
    return block;
}

std::optional<VeritySuperblock> parse_verity_superblock(ByteView block) {
    if (block.size() < sizeof(Superblock))
        return std::nullopt;
    const auto superblock = load<Superblock>(block);
    if (superblock.signature != superblock_signature || superblock.version != 1 ||
        superblock.hash_type != 1 || superblock.algorithm != superblock_algorithm ||
        superblock.data_block_size != verity_block_size ||
        superblock.hash_block_size != verity_block_size ||
        superblock.salt_size > superblock.salt.size())
        return std::nullopt;
    VeritySuperblock parsed;
    parsed.uuid.bytes = superblock.uuid;
    parsed.data_blocks = superblock.data_blocks;
    parsed.salt.assign(superblock.salt.begin(),
                       superblock.salt.begin() + std::ptrdiff_t{superblock.salt_size});
    return parsed;
}

Uuid data_partition_uuid(const Digest& root_hash) {
    return uuid_of(root_hash, 0);
}

Uuid verity_partition_uuid(const Digest& root_hash) {
    return uuid_of(root_hash, 16);
}

} // namespace quoin
