// SPDX-License-Identifier: Apache-2.0
// osslsigncode rather than sbsign: it takes the signing time as an argument, while sbsign writes
// the present one, so that no two of its signatures are alike. sbverify accepts both.
#include "builder/stages/secure_boot.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "builder/stages/full_disk.hpp"
#include "disk/uki.hpp"

namespace quoin {
namespace {

constexpr std::uint64_t max_signed_size = 1 << 30;
constexpr std::uint64_t largest_signature = 64 << 10;

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
    Bytes signed_pe;
    const auto sign = [&] {
        run_checked({"osslsigncode", "sign", "-certs", keys.secure_boot_certificate, "-key",
                     keys.secure_boot_key, "-h", "sha256", "-time", std::to_string(signing_time),
                     "-in", unsigned_path, "-out", signed_path});
        signed_pe = read_file(signed_path, max_signed_size);
        // It takes no notice when the last bytes find no room.
        if (!has_whole_signatures(signed_pe))
            throw Error("cannot write '" + signed_path + "': it ends early");
    };
    // Of what is to be written it leaves nothing there, and does not say why.
    writing_into(directory.path(), "cannot sign '" + name + "' in '" + directory.path() + "'", sign,
                 pe.size() + largest_signature);
    return signed_pe;
}

} // namespace quoin
