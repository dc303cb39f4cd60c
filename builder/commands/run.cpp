// SPDX-License-Identifier: Apache-2.0
// `quoin run IMAGE`: boots a disk image in QEMU with UEFI firmware, leaving the image as it is.
#include "builder/commands/run.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/terminal.hpp"
#include "builder/interruption.hpp"
#include "disk/gpt.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT(readability-redundant-declaration)

namespace quoin {
namespace {

/// What differs between the architectures.
struct Machine {
    std::string program;
    std::string type;
    std::string firmware;           ///< read-only code
    std::string firmware_variables; ///< template of the writable part
    std::string package;            ///< that ships the firmware
};

Machine machine_for(const GptTable& table) {
    const auto has_root_of = [&](std::string_view architecture) {
        return std::ranges::any_of(table.partitions, [&](const Partition& partition) {
            return partition.type == partition_types(architecture).root;
        });
    };
    if (has_root_of("arm64"))
        return {"qemu-system-aarch64", "virt", "/usr/share/AAVMF/AAVMF_CODE.fd",
                "/usr/share/AAVMF/AAVMF_VARS.fd", "qemu-efi-aarch64"};
    if (has_root_of("x86-64"))
        return {"qemu-system-x86_64", "q35", "/usr/share/OVMF/OVMF_CODE_4M.fd",
                "/usr/share/OVMF/OVMF_VARS_4M.fd", "ovmf"};
    throw refused("the image has no root partition of a known architecture");
}

bool kvm_is_usable(const Machine& machine) {
#if defined(__x86_64__)
    const bool same_architecture = machine.type == "q35";
#else
    const bool same_architecture = machine.type == "virt";
#endif
    return same_architecture && ::access("/dev/kvm", R_OK | W_OK) == 0;
}

std::vector<std::string> qemu_command(const RunOptions& options, const GptTable& table,
                                      const Machine& machine, const std::string& variables) {
    const bool kvm = kvm_is_usable(machine);
    const auto sector = std::to_string(table.sector_size);
    // A comma separates QEMU's options; a doubled one stands for itself.
    std::string image;
    for (const char c : std::filesystem::absolute(options.image).string())
        image += c == ',' ? std::string(",,") : std::string(1, c);
    std::vector<std::string> command = {
        machine.program,
        "-machine",
        machine.type,
        "-accel",
        kvm ? "kvm" : "tcg",
        "-cpu",
        kvm ? "host" : "max",
        "-smp",
        "2",
        "-m",
        options.memory,
        "-nographic",
        "-drive",
        "if=pflash,format=raw,readonly=on,file=" + machine.firmware,
        "-drive",
        "if=pflash,format=raw,file=" + variables,
        "-drive",
        "if=none,id=disk,format=raw,snapshot=on,file=" + image,
        "-device",
        "virtio-blk-pci,drive=disk,bootindex=1,logical_block_size=" + sector +
            ",physical_block_size=" + sector,
        "-device",
        "virtio-rng-pci",
        "-nic",
        "user,model=virtio-net-pci"};
    command.insert(command.end(), options.qemu_arguments.begin(), options.qemu_arguments.end());
    return command;
}

/// Runs a program on our own terminal; its exit status. Ctrl+C is the guest's; SIGTERM ends both.
int run_on_terminal(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (auto& word : command)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = -1;
    if (const int error =
            ::posix_spawnp(&pid, arguments[0], nullptr, nullptr, arguments.data(), environ);
        error != 0)
        throw system_error("cannot run '" + command[0] + "'", error);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) // an interruption has been passed on to it
            throw system_error("cannot wait for '" + command[0] + "'");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

void run_image(const RunOptions& options) {
    const auto table = read_gpt(open_file(options.image, O_RDONLY), options.image);
    const auto machine = machine_for(table);
    for (const auto& file : {machine.firmware, machine.firmware_variables})
        if (!exists(file))
            throw Error("cannot find '" + file + "': install the package " + machine.package);

    const TemporaryDirectory directory;
    const auto variables = directory.path() + "/variables.fd";
    std::error_code error;
    std::filesystem::copy_file(machine.firmware_variables, variables, error);
    if (error)
        throw Error("cannot copy '" + machine.firmware_variables + "': " + error.message());

    say_note("booting '" + options.image + "'" +
             (kvm_is_usable(machine) ? "" : " without KVM, which takes a while") +
             "; changes are thrown away. Leave with Ctrl+A, then X.");
    const auto status = run_on_terminal(qemu_command(options, table, machine, variables));
    check_interruption();
    if (status != 0)
        throw Error("'" + machine.program + "' ended with status " + std::to_string(status));
}

} // namespace quoin
