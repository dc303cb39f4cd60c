// SPDX-License-Identifier: Apache-2.0
#include "agent/node.hpp"

#include "agent/boot_report.hpp"
#include "agent/state.hpp"
#include "agent/steps/slot_verify.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

TEST_CASE("an image file needs all of its options, and the missing one is named") {
    const TestNode node(content("1.0.0", 1));
    const NodeOptions whole = node.options();
    NodeOptions options = whole;
    options.esp.clear();
    CHECK_THROWS_WITH(Node::open(options, false), Contains("without --esp"));
    options = whole;
    options.disk.clear();
    CHECK_THROWS_WITH(Node::open(options, false), Contains("without --disk"));
    options = whole;
    options.state.clear();
    CHECK_THROWS_WITH(Node::open(options, false), Contains("without --state"));
}

TEST_CASE("one agent that writes keeps others from writing, not from reading") {
    const TestNode node(content("1.0.0", 1));
    const Node writer = Node::open(node.options(), true);
    CHECK_THROWS_WITH(
        Node::open(node.options(), true),
        Contains("another quoin-agent is at work (pid " + std::to_string(getpid()) + ")"));
    CHECK_NOTHROW(Node::open(node.options(), false));
}

TEST_CASE("reading leaves no trace, not even a state directory") {
    const TestNode node(content("1.0.0", 1));
    NodeOptions options = node.options();
    options.state = node.directory() + "/not-there";
    const std::string before = node.fingerprint();
    CHECK(Node::open(options, false).slot('a').version == "1.0.0");
    CHECK_FALSE(exists(options.state));
    CHECK(node.fingerprint() == before);
}

TEST_CASE("a damaged copy of the partition table is mended, and that is noted") {
    const TestNode node(content("1.0.0", 1));
    {
        const UniqueFd disk = open_file(node.image(), O_RDWR);
        pwrite_all(disk, Bytes(512), 512, node.image());
    }
    CHECK(Node::open(node.options(), false).slot('a').version == "1.0.0");
    CHECK(Node::open(node.options(), true).slot('a').version == "1.0.0");
    CHECK(read_gpt(open_file(node.image(), O_RDONLY), node.image()).health.primary);
    CHECK(AgentState::read(node.options().state).notes.size() == 1);
}

TEST_CASE("a slot's content is proven against its root hash, tree and all") {
    const TestNode test_node(content("1.0.0", 1));
    const Node node = Node::open(test_node.options(), true);
    const Slot& slot = node.slot('a');
    CHECK_FALSE(slot_damage(node, slot));
    CHECK(slot_damage(node, node.slot('b')));
    Bytes byte(1);
    SECTION("a bit of the data") {
        node.root_region(slot).read(byte, 4096);
        byte[0] ^= 0x80;
        node.root_region(slot).write(byte, 4096);
        CHECK_THAT(slot_damage(node, slot).value_or(""), Contains("root hash"));
    }
    SECTION("a bit of the tree") {
        node.verity_region(slot).read(byte, 4096);
        byte[0] ^= 0x80;
        node.verity_region(slot).write(byte, 4096);
        CHECK_THAT(slot_damage(node, slot).value_or(""), Contains("hash tree"));
    }
    SECTION("without an index the superblock knows the size") {
        const Region verity = node.verity_region(slot);
        verity.write(Bytes(4096), verity.size() - 4096);
        CHECK_FALSE(slot_damage(node, slot));
        verity.write(Bytes(4096), 0);
        CHECK_THAT(slot_damage(node, slot).value_or(""), Contains("how long"));
    }
}

TEST_CASE("a boot report is read as early userspace writes it") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/boot.json";
    const auto write = [&path](const std::string& text) {
        replace_file_durably(path, bytes_of(text));
    };
    const std::string head = R"({"slot":"b","root_hash":")" + std::string(64, 'a') + R"(",)";
    const std::string tail = R"("disk":"/dev/vda","esp":"/dev/vda1","data":"/dev/vda6",)"
                             R"("counted":true,"data_mounted":true,"notes":["n\u00e4"]})";
    write(head + tail);
    const LiveBoot boot = read_boot_report(path);
    CHECK(boot.report.slot == 'b');
    CHECK(boot.report.counted);
    CHECK(boot.disk == "/dev/vda");
    CHECK(boot.report.notes.size() == 1);
    for (const std::string& text : {std::string(), tail, head, std::string("{}"),
                                    R"({"slot":"c","root_hash":"00",)" + tail}) {
        CAPTURE(text);
        write(text);
        CHECK_THROWS_AS(read_boot_report(path), Error);
    }
}
