// SPDX-License-Identifier: Apache-2.0
// verity_time FILE SIZE: seconds that hashing the first SIZE bytes takes as the builder does it
// while it writes a root: leaves, then the tree. What is hashed is in memory, as it is there.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/unnamed_file.hpp"
#include "disk/verity.hpp"

#include <chrono>
#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
    using namespace quoin;
    if (argc != 3) {
        std::cerr << "usage: verity_time FILE SIZE\n";
        return exit_code(ErrorCode::usage);
    }
    try {
        const std::uint64_t size = std::strtoull(argv[2], nullptr, 10);
        const UniqueFd file = open_file(argv[1], O_RDONLY);
        VerityLeaves leaves(VerityParameters::derived_from("bench"), unnamed_file(), "leaves");
        Bytes piece(1 << 20);
        std::chrono::steady_clock::duration hashing{};
        for (std::uint64_t offset = 0; offset < size; offset += piece.size()) {
            const auto part =
                ByteSpan(piece).first(std::min<std::uint64_t>(piece.size(), size - offset));
            pread_exact(file, part, offset, argv[1]);
            const auto before = std::chrono::steady_clock::now();
            leaves.update(part);
            hashing += std::chrono::steady_clock::now() - before;
        }
        const auto before = std::chrono::steady_clock::now();
        (void)leaves.finish({});
        hashing += std::chrono::steady_clock::now() - before;
        std::cout << std::chrono::duration<double>(hashing).count() << '\n';
        return 0;
    } catch (const Error& error) {
        std::cerr << "verity_time: " << error.what() << '\n';
        return exit_code(error.code());
    }
}
