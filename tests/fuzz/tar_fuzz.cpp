// SPDX-License-Identifier: Apache-2.0
// A tar from anywhere, compressed or not: what is accepted has clean paths, content of the size
// that was announced, and a place in the tree.
#include "base/file.hpp"
#include "builder/root/limits.hpp"
#include "builder/sources/tar.hpp"
#include "builder/tree/tree.hpp"
#include "fuzz_target.hpp"

#include <sys/mman.h>

using namespace quoin;

static bool is_clean(const std::string& path) {
    const std::string framed = "/" + path + "/";
    return path.empty() ||
           (framed.find("//") == std::string::npos && framed.find("/./") == std::string::npos &&
            framed.find("/../") == std::string::npos && path.find('\0') == std::string::npos);
}

static void check_tar(ByteView input) {
    const UniqueFd file(memfd_create("fuzzed", MFD_CLOEXEC));
    pwrite_all(file, input, 0, "fuzzed");
    RootTree tree;
    tree.begin_layer({});
    RootCounter counter({1000, MiB, 16 * MiB}); // so that one input takes no seconds
    read_tar(file, "fuzzed", [&](const Entry& entry, const ContentReader& content) {
        counter.count(entry);
        fuzz::require(is_clean(entry.path));
        fuzz::require(entry.mode <= 07777);
        const std::uint64_t implied = tree.implied_directories();
        tree.insert(entry);
        counter.count_implied(entry, tree.implied_directories() - implied);
        if (entry.type == EntryType::file)
            fuzz::require(read_whole(content, entry.size, entry.path).size() == entry.size);
        if (entry.type == EntryType::hard_link)
            fuzz::require(is_clean(entry.link_target));
    });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_tar, {data, size});
}
