// SPDX-License-Identifier: Apache-2.0
// osslsigncode rather than sbsign: it takes the signing time as an argument, while sbsign writes
// the present one, so that no two of its signatures are alike. sbverify accepts both.
#include "builder/stages/secure_boot.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace quoin {
namespace {

constexpr std::uint64_t max_signed_size = 1 << 30;

void write_new_file(const std::string& path, ByteView content) {
    const auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    pwrite_all(file, content, 0, path);
}

} // namespace

Bytes sign_for_secure_boot(Bytes pe, const BuildKeys& keys, std::int64_t signing_time,
                           const std::string& name) {
    if (!keys.secure_boot())
        return pe;
    const TemporaryDirectory directory;
    const auto unsigned_path = directory.path() + "/unsigned.efi";
    const auto signed_path = directory.path() + "/signed.efi";
    write_new_file(unsigned_path, pe);
    in_context("cannot sign '" + name + "'", [&] {
        run_checked({"osslsigncode", "sign", "-certs", keys.secure_boot_certificate, "-key",
                     keys.secure_boot_key, "-h", "sha256", "-time", std::to_string(signing_time),
                     "-in", unsigned_path, "-out", signed_path});
    });
    return read_file(signed_path, max_signed_size);
}

} // namespace quoin
