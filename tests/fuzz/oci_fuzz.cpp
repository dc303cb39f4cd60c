// SPDX-License-Identifier: Apache-2.0
// The JSON of an OCI image layout: the input stands for index.json, then for the manifest or nested
// index that a good index.json names. Whatever is found lies among the layout's blobs.
#include "base/file.hpp"
#include "builder/sources/oci.hpp"
#include "fuzz_target.hpp"

#include <filesystem>
#include <unistd.h>

using namespace quoin;

static void write_file(const std::string& path, ByteView content) {
    const auto fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    pwrite_all(fd, content, 0, path);
}

struct Removal {
    const std::string& path;
    ~Removal() { ::unlink(path.c_str()); }
};

static void check_layers(const std::string& layout) {
    for (const OciLayer& layer : find_oci_layers({layout, ""}, "x86-64")) {
        fuzz::require(Digest::parse(layer.digest).has_value());
        fuzz::require(layer.path == layout + "/blobs/sha256/" + layer.digest);
    }
}

/// One for all inputs.
static const std::string& layout() {
    static const TemporaryDirectory directory;
    static const bool made =
        std::filesystem::create_directories(directory.path() + "/blobs/sha256");
    fuzz::require(made);
    return directory.path();
}

static void check_index(ByteView input) {
    write_file(layout() + "/index.json", input);
    check_layers(layout());
}

static void check_manifest(ByteView input) {
    const std::string digest = sha256(input).hex();
    const std::string blob = layout() + "/blobs/sha256/" + digest;
    write_file(blob, input);
    write_file(layout() + "/index.json",
               bytes_of(R"({"manifests":[{"digest":"sha256:)" + digest + R"("}]})"));
    const Removal removal{blob};
    check_layers(layout());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // A blob that is not there is a failure, an ambiguous tag wrong usage: neither is a refusal.
    const auto expected = {ErrorCode::refused, ErrorCode::usage, ErrorCode::failed};
    fuzz::run(check_index, {data, size}, expected);
    return fuzz::run(check_manifest, {data, size}, expected);
}
