// SPDX-License-Identifier: Apache-2.0
// A recipe, and the same text as a setting of the command line: wrong ones end in one kind of
// error.
#include "base/file.hpp"
#include "builder/recipe.hpp"
#include "disk/version_order.hpp"
#include "fuzz_target.hpp"

using namespace quoin;

static const std::string good =
    "[image]\nid = \"node\"\nversion = \"1\"\narchitecture = \"arm64\"\n[root]\ntar = \"x\"\n";

static void check_recipe(ByteView text, const std::vector<std::string>& settings) {
    static const TemporaryDirectory directory; // one for all inputs
    static const UniqueFd tar = open_file(directory.path() + "/x", O_WRONLY | O_CREAT);
    const std::string path = directory.path() + "/recipe.toml";
    pwrite_all(open_file(path, O_WRONLY | O_CREAT | O_TRUNC), text, 0, path);
    const Recipe recipe = read_recipe(path, settings);
    fuzz::require(is_valid_image_id(recipe.id) && is_valid_version(recipe.version));
    for (const std::string& kept : recipe.persist)
        fuzz::require(kept.starts_with('/') && kept.find("/../") == std::string::npos);
}

static void check_file(ByteView input) {
    check_recipe(input, {});
}
static void check_setting(ByteView input) {
    check_recipe(bytes_of(good), {std::string(text_of(input))});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::run(check_file, {data, size}, {ErrorCode::usage});
    return fuzz::run(check_setting, {data, size}, {ErrorCode::usage});
}
