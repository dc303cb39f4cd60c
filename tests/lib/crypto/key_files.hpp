// SPDX-License-Identifier: Apache-2.0
// Keys as other people make them: with the openssl program.
#pragma once

#include "base/file.hpp"
#include "base/process.hpp"

#include <string>
#include <vector>

namespace quoin::test {

/// Arguments of `openssl genpkey` for each kind of key that Quoin signs with.
inline const std::vector<std::vector<std::string>> signing_key_kinds{
    {"-algorithm", "ED25519"},
    {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"},
    {"-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"},
};

/// "NAME.key" and "NAME.pub" in a directory that lives as long as this object.
class KeyFiles {
  public:
    void generate(const std::string& name, const std::vector<std::string>& kind) const {
        std::vector<std::string> argv{"openssl", "genpkey", "-out", path(name + ".key")};
        argv.insert(argv.end(), kind.begin(), kind.end());
        run_checked(argv);
        run_checked({"openssl", "pkey", "-in", path(name + ".key"), "-pubout", "-out",
                     path(name + ".pub")});
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return directory_.path() + "/" + name;
    }
    [[nodiscard]] const std::string& directory() const { return directory_.path(); }
    void write(const std::string& name, ByteView content) const {
        replace_file_durably(path(name), content);
    }

  private:
    TemporaryDirectory directory_;
};

} // namespace quoin::test
