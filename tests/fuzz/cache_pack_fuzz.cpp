// SPDX-License-Identifier: Apache-2.0
// A file of the build cache, which anything may have cut or changed, but for the digest of its
// index: that is made here, or no change of the index would get further. What is given out is what
// the index says, and can be kept again.
#include "builder/cache/pack.hpp"
#include "disk/slot_index.hpp"
#include "fuzz_target.hpp"

#include <algorithm>
#include <map>
#include <unistd.h>

using namespace quoin;

static constexpr std::size_t footer_size = 64;
static constexpr std::size_t index_offset_at = 24;
static constexpr std::size_t digest_at = 32;

static Bytes sealed(ByteView input) {
    Bytes pack(input.begin(), input.end());
    if (pack.size() < footer_size)
        return pack;
    const std::size_t footer = pack.size() - footer_size;
    const std::uint64_t index = load<le64>(input.subspan(footer + index_offset_at));
    if (index <= footer)
        std::ranges::copy(sha256(input.first(footer).subspan(index)).bytes,
                          pack.end() - (footer_size - digest_at));
    return pack;
}

static void check_keeping(const std::string& directory, const std::map<Digest, Bytes>& blocks) {
    PackWriter writer(directory);
    for (const auto& [key, block] : blocks)
        writer.add(key, block);
    const std::string path = writer.commit();
    const auto kept = Pack::open(path);
    ::unlink(path.c_str());
    fuzz::require(kept && kept->size() == writer.size() && kept->records().size() == blocks.size());
    for (const auto& [key, block] : blocks) {
        Bytes again(block.size());
        fuzz::require(kept->read(key, again) == block.size() && again == block);
    }
}

static void check_pack(ByteView input) {
    static const TemporaryDirectory directory;
    const std::string path = directory.path() + "/input";
    pwrite_all(open_file(path, O_WRONLY | O_CREAT | O_TRUNC), sealed(input), 0, path);
    const auto pack = Pack::open(path);
    if (!pack)
        return;
    fuzz::require(pack->records().size() <= input.size() / footer_size);
    std::map<Digest, Bytes> blocks;
    for (const PackRecord& record : pack->records()) {
        Bytes block(4096);
        const auto size = pack->read(record.key, block);
        if (!size)
            continue;
        block.resize(*size);
        fuzz::require(std::ranges::any_of(pack->records(), [&](const PackRecord& said) {
            return said.key == record.key && said.size == *size && said.check == chunk_hash(block);
        }));
        blocks.emplace(record.key, std::move(block));
    }
    check_keeping(directory.path(), blocks);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_pack, {data, size}, {});
}
