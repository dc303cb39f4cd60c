// SPDX-License-Identifier: Apache-2.0
// The four files of a build: they get their names together, at the very end, or not at all.
#pragma once

#include "base/file.hpp"

#include <array>
#include <string>

namespace quoin {

/// Creates `directory` where it is missing and, in it, ID_VERSION.raw, .quoin, .efi and .json as
/// pending files; removes what killed builds of the same image left there. The destructor removes
/// whatever was not committed, and a directory it made that is still empty.
class BuildOutputs {
    /// Declared first, so destroyed last: the files must have left it by then.
    struct Directory {
        explicit Directory(std::string path);
        Directory(const Directory&) = delete;
        Directory& operator=(const Directory&) = delete;
        ~Directory();
        std::string path;
        bool made = false;
    } directory_;

  public:
    BuildOutputs(const std::string& directory, const std::string& name);

    PendingFile disk;
    PendingFile bundle;
    PendingFile uki;
    PendingFile report;

    /// Brings everything to the medium first, then renames, the report last: where it lies, the
    /// others are complete. Should a rename fail, those already made are taken back, and what they
    /// replaced has its name again.
    void commit();
};

} // namespace quoin
