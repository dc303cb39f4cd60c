// SPDX-License-Identifier: Apache-2.0
// What the node's surroundings tell the agent: pstore, uevents, journald.
#include "agent/steps/journal.hpp"
#include "agent/steps/panic_evidence.hpp"
#include "agent/steps/root_verity.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

using namespace quoin;
using namespace std::string_literals;

namespace {

constexpr std::int64_t armed_at = 1714564800;

class Pstore {
  public:
    void add(const std::string& name, const std::string& content, std::int64_t time) const {
        const std::string path = directory_.path() + "/" + name;
        std::filesystem::create_directories(parent_of(path));
        replace_file_durably(path, bytes_of(content));
        const timespec when{time, 0};
        const timespec times[2] = {when, when};
        REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
    }
    [[nodiscard]] std::optional<std::string> find(std::int64_t since = armed_at) const {
        return find_panic({directory_.path() + "/missing", directory_.path()}, since);
    }

  private:
    TemporaryDirectory directory_;
};

/// Answers one request on a socket like journald's.
class FakeJournald {
  public:
    explicit FakeJournald(std::string reply) : reply_(std::move(reply)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path().copy(address.sun_path, sizeof(address.sun_path) - 1);
        REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address),
                       sizeof(address)) == 0);
        REQUIRE(::listen(listener_.get(), 1) == 0);
        thread_ = std::thread([this] { answer(); });
    }
    FakeJournald(const FakeJournald&) = delete;
    FakeJournald& operator=(const FakeJournald&) = delete;
    ~FakeJournald() { thread_.join(); }
    [[nodiscard]] std::string path() const { return directory_.path() + "/socket"; }
    [[nodiscard]] const std::string& request() const { return request_; }

  private:
    void answer() {
        const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
        char byte = 1;
        while (byte != '\0' && ::recv(peer.get(), &byte, 1, 0) == 1)
            request_ += byte;
        (void)::send(peer.get(), reply_.data(), reply_.size(), MSG_NOSIGNAL);
    }

    TemporaryDirectory directory_;
    std::string reply_;
    std::string request_;
    UniqueFd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::thread thread_;
};

} // namespace

TEST_CASE("a panic since arming is found with its message") {
    const Pstore pstore;
    pstore.add("dmesg-efi-1", "Panic#1 Part2\n<6>[1.0] nothing special\n", armed_at + 60);
    pstore.add("1714564860/dmesg-efi-2",
               "Panic#1 Part1\n<0>[2.0] Kernel panic - not syncing: sysrq triggered crash\nmore\n",
               armed_at + 60);
    CHECK(pstore.find() == "Kernel panic - not syncing: sysrq triggered crash");
}

TEST_CASE("older panics, survived oopses and other records are no evidence") {
    const Pstore pstore;
    pstore.add("dmesg-efi-1", "Panic#1 Part1\nKernel panic - old\n", armed_at - 1);
    pstore.add("dmesg-efi-2", "Oops#1 Part1\nBUG: unable to handle\n", armed_at + 60);
    pstore.add("console-ramoops-0", "Panic#1 Part1\n", armed_at + 60);
    CHECK_FALSE(pstore.find());
}

TEST_CASE("without a clock at arming no panic can be told to be new") {
    const Pstore pstore;
    pstore.add("dmesg-efi-1", "Panic#1 Part1\nKernel panic - new\n", armed_at);
    CHECK(pstore.find());
    CHECK_FALSE(pstore.find(0));
}

TEST_CASE("a uevent of the root's dm-verity is told from all others") {
    const std::string event = "change@/devices/virtual/block/dm-0\0ACTION=change\0"
                              "DM_VERITY_ERR_BLOCK_NR=0,1234\0MAJOR=253\0MINOR=0\0"s;
    CHECK(reports_corruption(event, {253, 0}));
    CHECK_FALSE(reports_corruption(event, {253, 1}));
    CHECK_FALSE(reports_corruption(event, {25, 0}));
    CHECK_FALSE(reports_corruption("change@/x\0MAJOR=253\0MINOR=0\0"s, {253, 0}));
    CHECK_FALSE(reports_corruption("", {253, 0}));
}

TEST_CASE("journald is asked in its own language and waited for") {
    const FakeJournald journald("{\"parameters\":{}}\0"s);
    CHECK(sync_journal(journald.path()));
    CHECK(journald.request() == "{\"method\":\"io.systemd.Journal.Synchronize\"}\0"s);
}

TEST_CASE("a journald that refuses, goes away or is not there does not hold anybody up") {
    CHECK_FALSE(sync_journal(FakeJournald("{\"error\":\"org.varlink.X\"}\0"s).path()));
    CHECK_FALSE(sync_journal(FakeJournald("").path()));
    CHECK_FALSE(sync_journal("/nonexistent/socket"));
}
