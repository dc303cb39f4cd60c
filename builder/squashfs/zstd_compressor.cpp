// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/zstd_compressor.hpp"

#include "base/handle.hpp"

#include <cstring>
#include <new>
#include <sqfs/error.h>
#include <zstd.h>
#include <zstd_errors.h>

namespace quoin {

namespace {

using CompressionContext = Handle<ZSTD_CCtx, ZSTD_freeCCtx>;

/// libsquashfs sees the base; options are written by the squashfs writer, so that only compression
/// itself is provided.
struct ZstdCompressor : sqfs_compressor_t {
    int level = 0;
    std::uint32_t block_size = 0;
    BlockCache* cache = nullptr;
    Digest codec;
    CompressionContext context;
};

sqfs_object_t* copy_compressor(const sqfs_object_t* original) noexcept;

void destroy_compressor(sqfs_object_t* object) noexcept {
    delete static_cast<ZstdCompressor*>(reinterpret_cast<sqfs_compressor_t*>(object));
}

void describe(const sqfs_compressor_t* base, sqfs_compressor_config_t* config) noexcept {
    const auto* self = static_cast<const ZstdCompressor*>(base);
    std::memset(config, 0, sizeof(*config));
    config->id = SQFS_COMP_ZSTD;
    config->block_size = self->block_size;
    config->level = static_cast<sqfs_u32>(self->level);
}

/// 0 tells libsquashfs to store the block as it is, because compression would not make it smaller.
sqfs_s32 compress_anew(ZstdCompressor& self, ByteView raw, ByteSpan out) noexcept {
    const std::size_t result = ZSTD_compressCCtx(self.context.get(), out.data(), out.size(),
                                                 raw.data(), raw.size(), self.level);
    if (ZSTD_isError(result) != 0)
        return ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall ? 0 : SQFS_ERROR_COMPRESSOR;
    return result < raw.size() ? static_cast<sqfs_s32>(result) : 0;
}

/// Runs on libsquashfs's threads, so that they also do the hashing.
sqfs_s32 compress_block(sqfs_compressor_t* base, const sqfs_u8* in, sqfs_u32 size, sqfs_u8* out,
                        sqfs_u32 out_size) noexcept {
    auto& self = *static_cast<ZstdCompressor*>(base);
    const ByteView raw(in, size);
    if (self.cache == nullptr)
        return compress_anew(self, raw, {out, out_size});
    try {
        const Digest key = block_key(self.codec, raw);
        if (const auto found = self.cache->find(key, {out, out_size}))
            return static_cast<sqfs_s32>(*found);
        const sqfs_s32 result = compress_anew(self, raw, {out, out_size});
        if (result >= 0)
            self.cache->add(key, {out, static_cast<std::size_t>(result)});
        return result;
    } catch (...) { // OpenSSL refused to hash
        return SQFS_ERROR_COMPRESSOR;
    }
}

ZstdCompressor* make(int level, std::uint32_t block_size, BlockCache* cache,
                     const Digest& codec) noexcept {
    auto compressor = std::unique_ptr<ZstdCompressor>(new (std::nothrow) ZstdCompressor);
    if (!compressor)
        return nullptr;
    compressor->base.destroy = destroy_compressor;
    compressor->base.copy = copy_compressor;
    compressor->get_configuration = describe;
    compressor->write_options = nullptr;
    compressor->read_options = nullptr;
    compressor->do_block = compress_block;
    compressor->level = level;
    compressor->block_size = block_size;
    compressor->cache = cache;
    compressor->codec = codec;
    compressor->context.reset(ZSTD_createCCtx());
    return compressor->context ? compressor.release() : nullptr;
}

sqfs_object_t* copy_compressor(const sqfs_object_t* original) noexcept {
    const auto* self =
        static_cast<const ZstdCompressor*>(reinterpret_cast<const sqfs_compressor_t*>(original));
    return reinterpret_cast<sqfs_object_t*>(static_cast<sqfs_compressor_t*>(
        make(self->level, self->block_size, self->cache, self->codec)));
}

} // namespace

Sqfs<sqfs_compressor_t> create_zstd_compressor(int level, std::uint32_t block_size,
                                               BlockCache* cache) {
    Sqfs<sqfs_compressor_t> compressor(
        make(level, block_size, cache, zstd_codec(level, block_size)));
    check_sqfs(compressor.get(), "create a compressor");
    return compressor;
}

} // namespace quoin
