// SPDX-License-Identifier: Apache-2.0
#include "early/modules.hpp"

#include "support/catch.hpp"

using namespace quoin::early;
using Names = std::vector<std::string>;

TEST_CASE("modules are loaded in the order of their numbers") {
    CHECK(modules_in_load_order({"010-dm-mod.ko", "002-virtio_ring.ko", "011-dm-verity.ko"}) ==
          Names{"002-virtio_ring.ko", "010-dm-mod.ko", "011-dm-verity.ko"});
}

TEST_CASE("numbers count by value, also when there are more than a thousand") {
    CHECK(modules_in_load_order({"1000-late.ko", "999-early.ko"}) ==
          Names{"999-early.ko", "1000-late.ko"});
}

TEST_CASE("what is not a module is left out, and one without a number comes last") {
    CHECK(modules_in_load_order({"README", "extra.ko", "7.ko", "003-x.ko", "004-y.ko.xz"}) ==
          Names{"003-x.ko", "7.ko", "extra.ko"});
}

TEST_CASE("an initrd without modules is fine") {
    CHECK(load_modules("/nowhere/modules").empty());
}
