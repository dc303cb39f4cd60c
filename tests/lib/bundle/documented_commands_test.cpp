// SPDX-License-Identifier: Apache-2.0
// docs/formats/bundle.md promises that a bundle can be checked without Quoin: its commands are run
// as they stand there.
#include "base/process.hpp"
#include "sample_bundle.hpp"
#include "support/catch.hpp"

using namespace quoin;
using namespace quoin::test;
using Catch::Matchers::Contains;

/// The shell commands of a page, fence by fence.
static std::vector<std::string> command_blocks(const std::string& page) {
    static const std::string opening = "\n```sh\n";
    std::vector<std::string> blocks;
    for (std::size_t place = page.find(opening); place != std::string::npos;
         place = page.find(opening, place)) {
        place += opening.size();
        const std::size_t end = page.find("```", place);
        REQUIRE(end != std::string::npos);
        blocks.push_back(page.substr(place, end - place));
    }
    return blocks;
}

TEST_CASE("the documented commands verify each kind of signature, and only good ones") {
    const auto blocks = command_blocks(read_text(QUOIN_BUNDLE_PAGE));
    REQUIRE(blocks.size() == 4);
    const std::vector<std::vector<std::string>> kinds{
        {"-algorithm", "ED25519"},
        {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
        {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"}};
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        CAPTURE(kinds[kind]);
        const TemporaryDirectory directory;
        ProcessOptions there;
        there.directory = directory.path();
        std::vector<std::string> generate{"openssl", "genpkey", "-out", "signing.key"};
        generate.insert(generate.end(), kinds[kind].begin(), kinds[kind].end());
        run_checked(generate, there);
        const SigningKey key = SigningKey::read(directory.path() + "/signing.key");
        replace_file_durably(directory.path() + "/signing.pub", bytes_of(key.public_key().pem()));
        Bytes bundle = PackedSample(Sample(), {key}).content();

        const std::vector<std::string> commands{"sh", "-e", "-c", blocks[0] + blocks[kind + 1]};
        replace_file_durably(directory.path() + "/node.quoin", bundle);
        const ProcessResult good = run(commands, there);
        CHECK_THAT(good.output, Contains("Signature Verified Successfully"));
        CHECK(good.status == 0);
        CHECK(Manifest::parse(read_text(directory.path() + "/manifest.json")).id == "node");

        bundle[BundleHeader::parse(bundle).head_size() - 10] ^= 1; // in the manifest
        replace_file_durably(directory.path() + "/node.quoin", bundle);
        CHECK(run(commands, there).status != 0);
    }
}
