// SPDX-License-Identifier: Apache-2.0
#include "builder/squashfs/table_file.hpp"

#include <sqfs/error.h>

namespace quoin {

template <typename Body>
int TableFile::guarded(Body&& body) noexcept {
    try {
        body();
        return 0;
    } catch (...) {
        failure_ = std::current_exception();
        return SQFS_ERROR_IO;
    }
}

TableFile::TableFile(ImageStream& stream) : sqfs_file_t{}, stream_(stream) {
    base.destroy = nullptr; // lives on the stack of its user
    base.copy = nullptr;
    read_at = [](sqfs_file_t* file, sqfs_u64 offset, void* buffer, size_t count) {
        auto& self = *static_cast<TableFile*>(file);
        return self.guarded([&] {
            self.stream_.read(offset, {static_cast<std::uint8_t*>(buffer), count});
        });
    };
    write_at = [](sqfs_file_t* file, sqfs_u64 offset, const void* buffer, size_t count) {
        auto& self = *static_cast<TableFile*>(file);
        const ByteView data(static_cast<const std::uint8_t*>(buffer), count);
        if (offset == 0)
            return self.guarded([&] { self.superblock_.assign(data.begin(), data.end()); });
        if (offset != self.size())
            return static_cast<int>(SQFS_ERROR_OUT_OF_BOUNDS);
        return self.guarded([&] { self.stream_.append_table(data); });
    };
    get_size = [](const sqfs_file_t* file) -> sqfs_u64 {
        return static_cast<const TableFile*>(file)->size();
    };
    truncate = [](sqfs_file_t*, sqfs_u64) { return static_cast<int>(SQFS_ERROR_UNSUPPORTED); };
}

void TableFile::check(int result, std::string_view doing) const {
    if (result < 0 && failure_)
        std::rethrow_exception(failure_);
    check_sqfs(result, doing);
}

} // namespace quoin
