// SPDX-License-Identifier: Apache-2.0
#include "agent/policy/accept_release.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

Digest digest(std::uint8_t first) {
    Digest result;
    result.bytes[0] = first;
    return result;
}

Manifest release() {
    Manifest manifest;
    manifest.id = "node";
    manifest.version = "2.0.0";
    manifest.architecture = "x86-64";
    manifest.compatible = "board";
    manifest.security_epoch = 3;
    manifest.minimum_agent = "0.1.0";
    manifest.root_size = 64 * MiB;
    manifest.root_hash = digest(2);
    manifest.uki_size = 20 * MiB;
    manifest.index_size = 100 * KiB;
    return manifest;
}

ReleaseContext node() {
    ReleaseContext context;
    context.agent_version = "0.1.0";
    context.id = "node";
    context.version = "1.0.0";
    context.root_hash = digest(1);
    context.architecture = "x86-64";
    context.compatible = "board";
    context.security_epoch = 3;
    context.other_confirmed = true;
    context.root_space = 64 * MiB;
    context.verity_space = 2 * MiB;
    context.boot_space = 20 * MiB;
    return context;
}

} // namespace

TEST_CASE("a newer release for this node is accepted") {
    CHECK(accept_release(release(), node()) == Acceptance::accepted);
    CHECK_NOTHROW(require_accepted(release(), node()));
}

TEST_CASE("what already runs or is armed is nothing to do, not a refusal") {
    ReleaseContext context = node();
    context.root_hash = digest(2);
    context.version = "2.0.0";
    context.running_confirmed = false;
    CHECK(accept_release(release(), context) == Acceptance::already_running);
    context = node();
    context.armed = digest(2);
    CHECK(accept_release(release(), context) == Acceptance::already_armed);
    try {
        require_accepted(release(), context);
        FAIL("accepted");
    } catch (const Error& e) {
        CHECK(e.code() == ErrorCode::nothing_to_do);
    }
}

TEST_CASE("each thing that speaks against a release refuses it alone") {
    const auto answer = [](auto change) {
        Manifest manifest = release();
        ReleaseContext context = node();
        change(manifest, context);
        const Acceptance acceptance = accept_release(manifest, context);
        CHECK_FALSE(explain(acceptance, manifest, context).empty());
        try {
            require_accepted(manifest, context);
            FAIL("accepted");
        } catch (const Error& e) {
            CHECK(e.code() == ErrorCode::refused);
        }
        return acceptance;
    };
    CHECK(answer([](auto& m, auto&) { m.id = "other"; }) == Acceptance::other_image);
    CHECK(answer([](auto& m, auto&) { m.architecture = "arm64"; }) ==
          Acceptance::wrong_architecture);
    CHECK(answer([](auto& m, auto&) { m.compatible = "other"; }) == Acceptance::wrong_compatible);
    CHECK(answer([](auto& m, auto&) { m.minimum_agent = "0.2.0"; }) == Acceptance::agent_too_old);
    CHECK(answer([](auto& m, auto&) { m.version = "1.0.0"; }) == Acceptance::version_reused);
    CHECK(answer([](auto& m, auto&) { m.version = "0.9.0"; }) == Acceptance::older_version);
    CHECK(answer([](auto& m, auto&) { m.security_epoch = 2; }) == Acceptance::older_security_epoch);
    CHECK(answer([](auto&, auto& c) { c.quarantined = "check failed"; }) ==
          Acceptance::quarantined);
    CHECK(answer([](auto&, auto& c) { c.running_confirmed = false; }) ==
          Acceptance::running_unconfirmed);
    CHECK(answer([](auto& m, auto&) { m.version = "2.0.0-much-too-long-to-fit-in-it"; }) ==
          Acceptance::label_too_long);
    CHECK(answer([](auto&, auto& c) { c.root_space = 64 * MiB - 1; }) ==
          Acceptance::root_too_large);
    CHECK(answer([](auto&, auto& c) { c.verity_space = 512 * KiB; }) ==
          Acceptance::verity_too_large);
    CHECK(answer([](auto&, auto& c) { c.boot_space = 20 * MiB - 1; }) ==
          Acceptance::boot_image_too_large);
}

TEST_CASE("a quarantined release is accepted when the operator insists") {
    ReleaseContext context = node();
    context.quarantined = "check failed";
    context.allow_quarantined = true;
    CHECK(accept_release(release(), context) == Acceptance::accepted);
}

TEST_CASE("an unconfirmed system may be updated when there is nothing to fall back to") {
    ReleaseContext context = node();
    context.running_confirmed = false;
    context.other_confirmed = false;
    CHECK(accept_release(release(), context) == Acceptance::accepted);
}

TEST_CASE("what is not known about the node forbids nothing") {
    ReleaseContext context;
    context.agent_version = "0.1.0";
    context.root_space = context.verity_space = context.boot_space = 1 * GiB;
    CHECK(accept_release(release(), context) == Acceptance::accepted);
}

TEST_CASE("the verity partition must hold tree, index and index header") {
    Manifest manifest = release();
    manifest.root_size = 4096;
    manifest.index_size = 1;
    CHECK(verity_space_needed(manifest) == std::uint64_t{3} * 4096);
    ReleaseContext context = node();
    context.verity_space = verity_space_needed(release());
    CHECK(accept_release(release(), context) == Acceptance::accepted);
    --context.verity_space;
    CHECK(accept_release(release(), context) == Acceptance::verity_too_large);
}
