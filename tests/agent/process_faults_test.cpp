// SPDX-License-Identifier: Apache-2.0
// One change fails, is cut short or is the process's last, at every change of every action; what
// comes after it works again, so the agent's own way out of errors is part of what is tested.
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/steps/confirm.hpp"
#include "agent/steps/leave.hpp"
#include "base/error.hpp"
#include "fault_switch.hpp"
#include "release_fixture.hpp"
#include "support/catch.hpp"

#include <csignal>
#include <cstdio>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace quoin;
using namespace quoin::test;

namespace {

/// Version 1.0.0 runs from slot a; what is tested starts with `prepare` and may be repeated.
struct Action {
    std::function<void(const TestNode&)> prepare;
    std::function<void(const TestNode&)> run;
    std::function<void(const TestNode&)> check; ///< throws what is wrong after a complete run
};

/// The action's end, also when a part of it was done before.
void run_to_end(const TestNode& node, const Action& action) {
    try {
        action.run(node);
    } catch (const Error& e) {
        if (e.code() != ErrorCode::nothing_to_do)
            throw;
    }
}

void check_after_fault(const TestNode& node, const Action& action) {
    no_faults();
    CHECK_NOTHROW(node.check_running_untouched());
    CHECK_NOTHROW(node.check_startable_entries());
    CHECK_NOTHROW(run_to_end(node, action));
    CHECK_NOTHROW(action.check(node));
}

long count_changes(const TestNode& node, const Action& action) {
    node.restore();
    action.prepare(node);
    no_faults();
    action.run(node);
    const long changes = changes_made();
    action.check(node);
    REQUIRE(changes > 2);
    return changes;
}

/// Runs `body` with every change in turn meeting the fault.
void at_every_change(const TestNode& node, const Action& action, Fault fault, int error,
                     const std::function<void()>& body) {
    const long changes = count_changes(node, action);
    for (long n = 0; n < changes; ++n) {
        node.restore();
        action.prepare(node);
        INFO("fault at change " << n << " of " << changes);
        plan_fault(fault, n, error);
        body();
        check_after_fault(node, action);
    }
}

void fail_everywhere(const TestNode& node, const Action& action) {
    for (const int error : {EIO, ENOSPC})
        at_every_change(node, action, Fault::error, error, [&] {
            try {
                action.run(node);
            } catch (const Error&) {
                // Where the change is part of a way out that does not matter, it may go unnoticed.
            }
        });
}

void shorten_everywhere(const TestNode& node, const Action& action) {
    at_every_change(node, action, Fault::short_write, 0, [&] { CHECK_NOTHROW(action.run(node)); });
}

void kill_everywhere(const TestNode& node, const Action& action) {
    at_every_change(node, action, Fault::kill, 0, [&] {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            action.run(node);
            ::_exit(0); // not reached: the planned change comes first
        }
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == SIGKILL);
    });
}

void meet_every_fault(const TestNode& node, const Action& action) {
    SECTION("EIO and ENOSPC") {
        fail_everywhere(node, action);
    }
    SECTION("short writes") {
        shorten_everywhere(node, action);
    }
    SECTION("SIGKILL") {
        kill_everywhere(node, action);
    }
}

void on_node(const TestNode& test_node,
             const std::function<void(const Node&, SystemdBoot&)>& what) {
    const Node node = Node::open(test_node.options(), true);
    SystemdBoot loader(node.esp_directory());
    what(node, loader);
}

/// The entries that the loader would list, in its order, one a word.
std::string listed(const TestNode& test_node) {
    std::string names;
    for (const BootEntry& entry : SystemdBoot(test_node.directory() + "/esp").entries())
        if (entry.listed)
            names += (names.empty() ? "" : " ") + entry.name.file_name();
    return names;
}

void require_listed(const TestNode& node, const std::string& expected) {
    if (const std::string found = listed(node); found != expected)
        throw Error("listed: '" + found + "', not '" + expected + "'");
}

void rename_entry(const TestNode& node, const std::string& from, const std::string& to) {
    const std::string entries = node.entries_directory() + "/";
    REQUIRE(std::rename((entries + from).c_str(), (entries + to).c_str()) == 0);
}

} // namespace

TEST_CASE("an install survives a fault at any change") {
    const TestNode node(content("1.0.0", 1, 4));
    const Release release = node.release(content("2.0.0", 2, 4));
    meet_every_fault(node, {[](const TestNode&) {},
                            [&](const TestNode& n) { (void)n.install(release.bundle); },
                            [&](const TestNode& n) { n.check_armed(release); }});
}

TEST_CASE("a confirmation survives a fault at any change") {
    const TestNode node(content("1.0.0", 1, 4));
    const Release release = node.release(content("2.0.0", 2, 4));
    meet_every_fault(
        node, {[&](const TestNode& n) {
                   (void)n.install(release.bundle);
                   rename_entry(n, "node_2.0.0+3-0.efi", "node_2.0.0+2-1.efi");
               },
               [](const TestNode& n) {
                   on_node(n, [](const Node& open, SystemdBoot& loader) {
                       (void)confirm_running(open, loader, std::nullopt);
                   });
               },
               [](const TestNode& n) { require_listed(n, "node_2.0.0.efi node_1.0.0.efi"); }});
}

TEST_CASE("a rollback survives a fault at any change") {
    const TestNode node(content("1.0.0", 1, 4));
    const Release release = node.release(content("2.0.0", 2, 4));
    meet_every_fault(node, {[&](const TestNode& n) { (void)n.install(release.bundle); },
                            [](const TestNode& n) {
                                // The system that was left is not the one to leave now.
                                if (listed(n) == "node_1.0.0.efi")
                                    throw Error(ErrorCode::nothing_to_do, "rolled back already");
                                on_node(n, [](const Node& open, SystemdBoot& loader) {
                                    (void)roll_back(open, loader, std::nullopt);
                                });
                            },
                            [](const TestNode& n) { require_listed(n, "node_1.0.0.efi"); }});
}

TEST_CASE("giving fresh tries survives a fault at any change, or the release is installed again") {
    const TestNode node(content("1.0.0", 1, 4));
    const Release release = node.release(content("2.0.0", 2, 4));
    meet_every_fault(node, {[&](const TestNode& n) {
                                (void)n.install(release.bundle);
                                rename_entry(n, "node_2.0.0+3-0.efi", "node_2.0.0+0-3.efi");
                            },
                            [&](const TestNode& n) {
                                const std::string names = listed(n);
                                if (names.find("node_2.0.0+0-3.efi") != std::string::npos)
                                    on_node(n, [](const Node&, SystemdBoot& loader) {
                                        loader.rearm(*BootEntryName::parse("node_2.0.0+0-3.efi"),
                                                     3);
                                    });
                                else if (names == "node_1.0.0.efi")
                                    (void)n.install(release.bundle);
                            },
                            [&](const TestNode& n) { n.check_armed(release); }});
}
