// SPDX-License-Identifier: Apache-2.0
#include "bundle/contents.hpp"

#include "base/error.hpp"
#include "bundle/causes.hpp"
#include "support/catch.hpp"

using namespace quoin;
using Catch::Matchers::Contains;

namespace {

constexpr std::uint32_t none = ContentsEntry::no_tail;

Contents sample() {
    return {{{"/bin/new", "coreutils", 1, 0, 0, 2, 4, 30},
             {"/bin/old", "coreutils", 2, 3, 2, 2, 4, 70},
             {"/etc/made", "", 3, 0, 0, 0, 4, 10},
             {".linux", "linux-image", 4, 0, 6, 1, none, 0}}};
}

Chunk chunk(std::uint32_t size, ChunkKind kind, std::uint16_t generation) {
    return {{}, size, kind, generation};
}

/// Four data blocks, a fragment block and a table; then two chunks of a UKI.
SlotIndex sample_index() {
    return {{chunk(1000, ChunkKind::data, 0), chunk(1000, ChunkKind::data, 0),
             chunk(1000, ChunkKind::data, 3), chunk(1000, ChunkKind::data, 3),
             chunk(101, ChunkKind::fragment, 0), chunk(500, ChunkKind::table, 0)},
            {chunk(7000, ChunkKind::uki, 0), chunk(50, ChunkKind::uki, 0)}};
}

std::string described(const std::vector<Cause>& causes) {
    std::string text;
    for (const Cause& cause : causes)
        text += cause.name + "=" + std::to_string(cause.bytes) + " ";
    return text;
}

std::string refusal_of(const Bytes& bytes) {
    try {
        (void)Contents::parse(bytes, 8);
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::refused);
        return e.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a contents table comes back as it was written") {
    const Contents parsed = Contents::parse(sample().serialize(), 8);
    CHECK(parsed.entries == sample().entries);
    CHECK(Contents::parse(Contents{}.serialize(), 0).entries.empty());
}

TEST_CASE("a contents table gives its entries up when it is written") {
    Contents contents = sample();
    CHECK_FALSE(std::move(contents).serialize().empty());
    CHECK(contents.entries.capacity() == 0);
}

TEST_CASE("a contents table that no node would read is not written") {
    const std::string name(max_contents_memory / 4, 'x');
    Contents contents;
    contents.entries.resize(4, {name, ""});
    CHECK_THROWS_WITH(std::move(contents).serialize(), Contains("more than 64.0 MiB"));
}

TEST_CASE(
    "a contents table is refused that is cut, grown, of another kind, or names other chunks") {
    const Bytes good = sample().serialize();
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        REQUIRE(refusal_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))) !=
                "accepted");
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK(refusal_of(longer) != "accepted");
    Bytes other = good;
    other[8] = 2;
    CHECK_THAT(refusal_of(other), Contains("format 2 is not known"));
    other = good;
    other[31] = 1;
    CHECK_THAT(refusal_of(other), Contains("reserved"));
    other = good;
    other[19] = 0x7f; // two thousand million entries
    CHECK_THAT(refusal_of(other), Contains("impossible numbers"));
    CHECK_THAT(refusal_of(Contents{{{"/x", "", 0, 0, 7, 2}}}.serialize()), Contains("a chunk"));
    CHECK_THAT(refusal_of(Contents{{{"/x", "", 0, 0, 0, 0, 8}}}.serialize()), Contains("a chunk"));
    CHECK_THAT(refusal_of(Contents{{{"/x", "", 0, 0, 0xffffffff, 1}}}.serialize()),
               Contains("a chunk"));
}

TEST_CASE("a chunk's bytes are those of the files in it that are as new as it is") {
    const Causes causes =
        find_causes(sample(), sample_index(), {true, true, false, false, true, true, true, true});
    // Of the fragment block 30 and 10 bytes are new: three quarters of its 101, and the rest.
    CHECK(described(causes.files) == ".linux=7000 /bin/new=2075 (file system tables)=500 "
                                     "(headers of the boot image)=50 /etc/made=26 ");
    CHECK(described(causes.packages) == "linux-image=7000 coreutils=2075 (file system tables)=500 "
                                        "(headers of the boot image)=50 (no package)=26 ");
}

TEST_CASE("a block of unchanged files says that they were packed anew") {
    SlotIndex index = sample_index();
    index.root[4].generation = 1;
    const Causes causes =
        find_causes(sample(), index, {false, false, false, false, true, false, false, false});
    CHECK(described(causes.files) == "(unchanged files packed anew)=101 ");
    CHECK(described(largest(causes.files, 0)).empty());
}

TEST_CASE("what a node has causes nothing") {
    const Causes causes = find_causes(sample(), sample_index(), std::vector<bool>(8, false));
    CHECK(causes.files.empty());
    CHECK(causes.packages.empty());
}
