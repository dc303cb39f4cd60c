// SPDX-License-Identifier: Apache-2.0
// The root of a bundle or disk image as `inspect` and `diff` read it, unsigned: whatever is walked
// has a clean path, and content of the size that was said.
#include "base/units.hpp"
#include "builder/root_image.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

#include <algorithm>

using namespace quoin;

static constexpr std::uint64_t most_content = 256 * KiB; // so that one input takes no seconds

static bool is_clean(const std::string& path) {
    const std::string framed = "/" + path + "/";
    return framed.find("//") == std::string::npos && framed.find("/./") == std::string::npos &&
           framed.find("/../") == std::string::npos && path.find('\0') == std::string::npos;
}

static void check_content(RootReader& root, const RootReader::File& file) {
    if (file.type != '-' || file.size > most_content)
        return;
    const auto content = root.read(file.path, most_content);
    fuzz::require(content && content->size() == file.size);
}

static void check_image(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    RootReader root(file.fd(), 0, input.size());
    for (const RootReader::File& found : root.walk()) {
        fuzz::require(is_clean(found.path));
        fuzz::require(found.mode <= 07777);
        check_content(root, found);
    }
    root.each_file([](const std::string& path, const FilePlace& place) {
        fuzz::require(is_clean(path));
        fuzz::require(place.tail_block || place.tail.empty());
        fuzz::require(place.tail.size() <= place.size && place.tail.size() <= MiB);
    });
    const auto names = root.list("");
    fuzz::require(std::ranges::is_sorted(names));
}

/// libsquashfs allocates what an image says, and takes a null for damage.
extern "C" const char* __asan_default_options() {
    return "allocator_may_return_null=1";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_image, {data, size});
}
