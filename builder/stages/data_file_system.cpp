// SPDX-License-Identifier: Apache-2.0
// mke2fs takes every source of chance as an argument: UUID, hash seed, time.
#include "builder/stages/data_file_system.hpp"

#include "base/error.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "builder/stages/full_disk.hpp"

#include <fmt/format.h>

namespace quoin {

namespace {

// Spelled out, since a newer mke2fs would enable what the node's kernel or fsck does not know;
// these are Linux 5.0's and e2fsprogs 1.44's.
const std::string features = "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,"
                             "64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,"
                             "extra_isize,metadata_csum";

} // namespace

void make_data_file_system(const std::string& image, Extent place, const Uuid& uuid,
                           std::int64_t time) {
    ProcessOptions options;
    options.environment = {{"E2FSPROGS_FAKE_TIME", std::to_string(time)},
                           {"MKE2FS_CONFIG", "/dev/null"},
                           {"LC_ALL", "C.UTF-8"}};
    writing_into(image, "cannot make the data file system", [&] {
        run_checked({"mke2fs",
                     "-q",
                     "-F",
                     "-t",
                     "ext4",
                     "-b",
                     "4096",
                     "-I",
                     "256",
                     "-m",
                     "1",
                     "-L",
                     "data",
                     "-O",
                     features,
                     "-U",
                     uuid.text(),
                     "-E",
                     fmt::format("offset={},hash_seed={},lazy_itable_init=0,lazy_journal_init=0,"
                                 "root_owner=0:0,nodiscard",
                                 place.start, uuid.text()),
                     image,
                     fmt::format("{}k", place.size / KiB)},
                    options);
    });
}

} // namespace quoin
