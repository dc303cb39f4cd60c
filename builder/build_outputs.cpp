// SPDX-License-Identifier: Apache-2.0
#include "builder/build_outputs.hpp"

#include "base/abandoned_files.hpp"
#include "base/error.hpp"
#include "builder/interruption.hpp"

#include <cerrno>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace quoin {
namespace {

/// What an output is about to replace, under a second name until all outputs have theirs.
class EarlierFile {
  public:
    explicit EarlierFile(const PendingFile& output)
        : path_(output.final_path()), existed_(exists(path_)) {
        const std::filesystem::path path(path_);
        kept_ = (path.parent_path() /
                 ("." + path.filename().string() + ".old-" + std::to_string(::getpid())))
                    .string();
        ::unlink(kept_.c_str());
        // FAT has no links: there the new file stays, which is better than none.
        if (::link(path_.c_str(), kept_.c_str()) != 0)
            kept_.clear();
        else
            fd_ = UniqueFd(::open(kept_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (fd_)
            (void)mark_as_in_use(fd_);
    }
    EarlierFile(const EarlierFile&) = delete;
    EarlierFile& operator=(const EarlierFile&) = delete;
    ~EarlierFile() {
        if (!kept_.empty())
            ::unlink(kept_.c_str());
    }

    /// Whether or not the output has taken its name.
    void restore() const {
        if (!kept_.empty())
            ::rename(kept_.c_str(), path_.c_str());
        else if (!existed_)
            ::unlink(path_.c_str());
    }

  private:
    std::string path_;
    bool existed_;
    std::string kept_;
    UniqueFd fd_;
};

} // namespace

BuildOutputs::Directory::Directory(std::string name) : path(std::move(name)) {
    std::error_code error;
    made = std::filesystem::create_directories(path, error);
    if (error)
        throw Error("cannot create directory '" + path + "': " + error.message());
}

BuildOutputs::Directory::~Directory() {
    std::error_code not_empty; // is what it should be after a build that worked
    if (made)
        std::filesystem::remove(path, not_empty);
}

static std::string cleaned(const std::string& directory, const std::string& name) {
    // Of any version: the image's id ends with the only '_'.
    remove_abandoned_files(directory, name.substr(0, name.find('_') + 1));
    return directory;
}

BuildOutputs::BuildOutputs(const std::string& directory, const std::string& name)
    : directory_(directory), disk(cleaned(directory, name) + "/" + name + ".raw"),
      bundle(directory + "/" + name + ".quoin"), uki(directory + "/" + name + ".efi"),
      report(directory + "/" + name + ".json") {}

void BuildOutputs::commit() {
    const std::array<PendingFile*, 4> files = {&disk, &bundle, &uki, &report};
    // The slow part before the first name: the renames then follow each other at once.
    for (const auto* file : files)
        sync_file(file->fd(), file->final_path());
    // Two builds of the same name: the files that remain are all of one of them.
    const UniqueFd directory = open_file(directory_.path, O_RDONLY | O_DIRECTORY);
    while (::flock(directory.get(), LOCK_EX) != 0) {
        check_interruption();
        if (errno != EINTR)
            throw system_error("cannot lock directory '" + directory_.path + "'");
    }
    const std::array<EarlierFile, 4> earlier = {EarlierFile(disk), EarlierFile(bundle),
                                                EarlierFile(uki), EarlierFile(report)};
    std::size_t begun = 0;
    try {
        for (auto* file : files) {
            ++begun;
            file->commit();
        }
    } catch (const Error&) {
        while (begun > 0)
            earlier.at(--begun).restore();
        throw;
    }
}

} // namespace quoin
