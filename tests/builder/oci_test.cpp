// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/file.hpp"
#include "builder/root_image.hpp"
#include "builder/sources/oci.hpp"
#include "crypto/digest.hpp"
#include "root_fixture.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>

using Catch::Matchers::Contains;
using namespace quoin;
using namespace quoin::test;

namespace {

/// An OCI image layout under construction.
struct Layout {
    TemporaryDirectory directory;

    Layout() { std::filesystem::create_directories(directory.path() + "/blobs/sha256"); }

    std::string add_blob(const std::string& bytes) {
        const std::string hex = sha256(bytes_of(bytes)).hex();
        write_text(directory.path() + "/blobs/sha256/" + hex, bytes);
        return fmt::format(R"("digest":"sha256:{}","size":{})", hex, bytes.size());
    }
    std::string add_manifest(const std::vector<std::string>& layers) {
        std::string list;
        for (const std::string& layer : layers)
            list += (list.empty() ? "{" : ",{") + layer + "}";
        return add_blob(R"({"schemaVersion":2,"layers":[)" + list + "]}");
    }
    void write_index(const std::string& manifests) {
        write_text(directory.path() + "/index.json",
                   R"({"schemaVersion":2,"manifests":[)" + manifests + "]}");
    }
    [[nodiscard]] OciSource source(const std::string& tag = "") const {
        return {directory.path(), tag};
    }
};

std::string tagged(const std::string& descriptor, const std::string& tag) {
    return "{" + descriptor + R"(,"annotations":{"org.opencontainers.image.ref.name":")" + tag +
           R"("}})";
}

} // namespace

TEST_CASE("a hard link's first name may be hidden in its own layer before it is there") {
    Layout layout;
    const auto bottom = layout.add_blob(small_root().file("srv/a", "lowest").bytes());
    const auto middle = layout.add_blob(TarBuilder()
                                            .file("srv/.wh.a", "")
                                            .file("srv/a", "middle")
                                            .hard_link("srv/b", "srv/a")
                                            .bytes());
    const auto top = layout.add_blob(TarBuilder().file("srv/a", "top").bytes());
    layout.write_index(tagged(layout.add_manifest({bottom, middle, top}), "v1"));

    Recipe recipe = recipe_for_tar("");
    recipe.source = layout.source("v1");
    const UniqueFd out = open_file(layout.directory.path() + "/image", O_RDWR | O_CREAT);
    const RootImage image = write_root_image(recipe, {}, out, 0);
    RootReader reader(out, 0, image.size);
    CHECK(text_of(reader.read("srv/a").value()) == "top");
    CHECK(text_of(reader.read("srv/b").value()) == "middle");
}

TEST_CASE("layers of an OCI image are applied with their whiteouts") {
    Layout layout;
    const auto bottom = layout.add_blob(small_root()
                                            .file("srv/gone", "1")
                                            .file("srv/kept", "2")
                                            .file("opt/app/old", "3")
                                            .bytes("gzip"));
    const auto top = layout.add_blob(TarBuilder()
                                         .file("srv/.wh.gone", "")
                                         .directory("opt/app")
                                         .file("opt/app/.wh..wh..opq", "")
                                         .file("opt/app/new", "4")
                                         .file("boot/.wh.vmlinuz-6.1.0-13", "")
                                         .bytes("zstd"));
    layout.write_index(tagged(layout.add_manifest({bottom, top}), "v1"));

    Recipe recipe = recipe_for_tar("");
    recipe.source = layout.source("v1");
    const std::string path = layout.directory.path() + "/image";
    const UniqueFd out = open_file(path, O_RDWR | O_CREAT);
    const RootImage image = write_root_image(recipe, {}, out, 0);
    RootReader reader(out, 0, image.size);
    CHECK(reader.list("srv") == std::vector<std::string>{"kept"});
    CHECK(reader.list("opt/app") == std::vector<std::string>{"new"});
    CHECK(image.kernel_release == "6.1.0-9"); // the newer one was removed by the upper layer
}

TEST_CASE("an index of several architectures is followed") {
    Layout layout;
    const auto layer = layout.add_blob(TarBuilder().file("a", "x").bytes());
    const auto amd = layout.add_manifest({layer});
    const auto arm = layout.add_manifest({layer, layer});
    const auto index = layout.add_blob(
        R"({"manifests":[{)" + amd + R"(,"platform":{"os":"linux","architecture":"amd64"}},{)" +
        arm + R"(,"platform":{"os":"linux","architecture":"arm64"}}]})");
    layout.write_index("{" + index + "}");
    CHECK(find_oci_layers(layout.source(), "x86-64").size() == 1);
    CHECK(find_oci_layers(layout.source(), "arm64").size() == 2);
}

TEST_CASE("a tag must be there and unambiguous") {
    Layout layout;
    const auto one = layout.add_manifest({});
    layout.write_index(tagged(one, "a") + "," + tagged(one, "b"));
    CHECK(find_oci_layers(layout.source("a"), "x86-64").empty());
    CHECK_THROWS_WITH(find_oci_layers(layout.source("c"), "x86-64"), Contains("with tag 'c'"));
    CHECK_THROWS_WITH(find_oci_layers(layout.source(), "x86-64"), Contains("several fit"));
}

TEST_CASE("blobs whose digest is another are refused") {
    Layout layout;
    const auto layer = layout.add_blob(TarBuilder().file("a", "x").bytes());
    layout.write_index("{" + layout.add_manifest({layer}) + "}");
    const auto layers = find_oci_layers(layout.source(), "x86-64");
    REQUIRE(layers.size() == 1);
    write_text(layers[0].path, TarBuilder().file("a", "y").bytes());
    CHECK_THROWS_WITH(read_oci_layer(layers[0], [](const Entry&, const ContentReader&) {}),
                      Contains("SHA-256 is another"));
}

TEST_CASE("a digest never becomes another path") {
    Layout layout;
    for (const char* digest : {"sha256:../../../../etc/passwd", "md5:00", "", "sha256:0"}) {
        layout.write_index(fmt::format(R"({{"digest":"{}"}})", digest));
        CHECK_THROWS_WITH(find_oci_layers(layout.source(), "x86-64"),
                          Contains("is not a SHA-256 digest"));
    }
    layout.write_index("7");
    CHECK_THROWS_AS(find_oci_layers(layout.source(), "x86-64"), Error);
    write_text(layout.directory.path() + "/index.json", R"({"manifests":{"digest":7}})");
    CHECK_THROWS_AS(find_oci_layers(layout.source(), "x86-64"), Error);
}
