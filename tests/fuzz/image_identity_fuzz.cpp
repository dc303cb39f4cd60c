// SPDX-License-Identifier: Apache-2.0
// image.json in the running root: verified, but made by anybody's build.
#include "agent/boot_report.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

#include <nlohmann/json.hpp>

using namespace quoin;

static void check_identity(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    const ImageIdentity identity = read_image_identity(file.path());
    const nlohmann::json written{{"id", identity.id},
                                 {"version", identity.version},
                                 {"architecture", identity.architecture},
                                 {"compatible", identity.compatible},
                                 {"security_epoch", identity.security_epoch}};
    file.set(bytes_of(written.dump()));
    const ImageIdentity again = fuzz::must([] { return read_image_identity(file.path()); });
    fuzz::require(again.id == identity.id && again.version == identity.version &&
                  again.architecture == identity.architecture &&
                  again.compatible == identity.compatible &&
                  again.security_epoch == identity.security_epoch);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_identity, {data, size}, {ErrorCode::failed});
}
