// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD: one call on one file of a program is a fault. The environment says
// which:
//   FAULT_PROGRAM  the program's name: others that inherit the library are left alone
//   FAULT_CALL     "pwrite", "write", "fsync" or "rename", or a pattern of them
//   FAULT_FILE     pattern of the file's name; of the new one for "rename"
//   FAULT_AFTER    how many such calls come first
//   FAULT          "full": that call and all later ones find no space; or a signal's number: the
//                  process gets it just before the call
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fnmatch.h>
#include <string>
#include <unistd.h>

namespace {

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::string path_of(int fd) {
    char path[4096];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
    return {path, size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// Whether the call may happen; sets errno where not.
bool happens(const char* call, const std::string& path) {
    static std::atomic<long> calls = 0;
    if (setting("FAULT_PROGRAM") != ::program_invocation_short_name ||
        ::fnmatch(setting("FAULT_CALL").c_str(), call, 0) != 0 ||
        ::fnmatch(setting("FAULT_FILE").c_str(), path.substr(path.rfind('/') + 1).c_str(), 0) != 0)
        return true;
    const long before = calls++;
    const long at = std::atol(setting("FAULT_AFTER").c_str());
    if (before < at)
        return true;
    if (setting("FAULT") == "full") {
        errno = ENOSPC;
        return false;
    }
    if (before == at)
        ::kill(::getpid(), std::atoi(setting("FAULT").c_str()));
    return true;
}

template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name)); // NOLINT
}

} // namespace

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    static auto* const original = real<decltype(pwrite)>("pwrite");
    return happens("pwrite", path_of(fd)) ? original(fd, data, size, offset) : -1;
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    static auto* const original = real<decltype(pwrite64)>("pwrite64");
    return happens("pwrite", path_of(fd)) ? original(fd, data, size, offset) : -1;
}

ssize_t write(int fd, const void* data, size_t size) {
    static auto* const original = real<decltype(write)>("write");
    return happens("write", path_of(fd)) ? original(fd, data, size) : -1;
}

int fsync(int fd) {
    static auto* const original = real<decltype(fsync)>("fsync");
    return happens("fsync", path_of(fd)) ? original(fd) : -1;
}

int rename(const char* from, const char* to) noexcept {
    static auto* const original = real<decltype(rename)>("rename");
    return happens("rename", to) ? original(from, to) : -1;
}

} // extern "C"
