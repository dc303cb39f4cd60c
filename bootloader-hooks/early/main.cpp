// SPDX-License-Identifier: Apache-2.0
// quoin-early: process 1 of the initrd. From the kernel's first breath to systemd: finds the signed
// root, opens it, and hands over. There is no shell and no prompt: whatever cannot be done becomes
// one line on the console and a reboot, so that a counted try burns and the loader moves on.
// docs/formats/initrd.md describes what it is given and what it leaves behind.
#include "base/error.hpp"
#include "base/file.hpp"
#include "early/boot_disk.hpp"
#include "early/command_line.hpp"
#include "early/console.hpp"
#include "early/efi_variables.hpp"
#include "early/machine_id.hpp"
#include "early/modules.hpp"
#include "early/mounts.hpp"
#include "early/persistence.hpp"
#include "early/report.hpp"
#include "early/switch_root.hpp"
#include "early/verity.hpp"
#include "early/watchdog.hpp"

#include <exception>
#include <sys/reboot.h>
#include <unistd.h>

namespace quoin::early {

/// Says what went not quite as it should, and keeps it for the report.
static void note(BootReport& report, const std::vector<std::string>& notes) {
    for (const std::string& text : notes) {
        say(text);
        report.notes.push_back(text);
    }
}

/// The device of a partition that a boot can do without; empty when there is none.
static std::string optional_device(BootReport& report, const Disk& disk,
                                   const Partition* partition) {
    try {
        return partition == nullptr ? "" : device_of(disk, *partition);
    } catch (const Error& e) {
        note(report, {e.what()});
        return "";
    }
}

[[noreturn]] static void boot() {
    BootReport report;

    // The kernel's own file systems, then what the signed command line asks for.
    mount_kernel_file_systems();
    const CommandLine line = parse_command_line(read_text("/proc/cmdline"));
    report.root_hash = line.root_hash;

    // Drivers. The watchdog comes after them, since its driver may be one; then a hang ends.
    note(report, load_modules("/modules"));
    note(report, arm_watchdog(60));

    // What the loader says, which disk it meant, and where on it the signed root lies.
    note(report, mount_efi_variables());
    const LoaderReport loader = read_loader_report(efi_variables_directory);
    const Disk disk = wait_for_boot_disk(loader.esp, line.root_uuid());
    const SlotPartitions slot = find_slot(disk, line);
    report.counted = loader.counted;
    report.disk = "/dev/" + disk.name;
    report.slot = slot.name;

    // From here on every byte of the root is checked against the root hash as it is read.
    const std::string root =
        open_verity(line, device_of(disk, slot.root), device_of(disk, slot.verity),
                    loader.counted ? OnCorruption::restart : OnCorruption::fail);
    mount_root(root);
    say("slot " + std::string(1, slot.name) + ", root hash " + line.root_hash +
        ", verity opened, " + seconds_since_kernel_start() + " s after kernel start");

    // What can be written: in memory, or on the data partition. The first boot copies what
    // persists, which may take longer than the watchdog should wait for anything else.
    note(report, arm_watchdog(600));
    mount_volatile_layers();
    report.esp = optional_device(report, disk, find_esp(disk.table, loader.esp));
    report.data = optional_device(report, disk, find_data(disk.table));
    const DataMount data = mount_data(report.data);
    report.data_mounted = data.mounted;
    if (!data.note.empty())
        note(report, {data.note});
    note(report, bind_persistent_directories(data, "/persist"));
    note(report, write_machine_id(data));
    note(report, arm_watchdog(60));

    write_report(report);
    switch_root(line.init);
}

/// True when the loader starts this system again, however often it fails. Where EFI variables
/// cannot be read a try is assumed, which loses nothing but time.
static bool is_confirmed() {
    const LoaderReport loader = read_loader_report(efi_variables_directory);
    return loader.esp && !loader.counted;
}

/// A try is used up at once, and the loader moves on. For a confirmed system there is nothing to
/// move on to: whoever looks at the console finds out why, and the node tries again now and then,
/// since a medium or a cable may come back.
static void wait_before_reboot(const std::string& why) {
    if (!is_confirmed()) {
        say_failure(why + "; rebooting in 10 s");
        ::sleep(10);
        return;
    }
    for (int minutes = 10; minutes > 0; --minutes) {
        say_failure(why + "; this system is confirmed, so no other is tried: trying again in " +
                    std::to_string(minutes) + " min");
        (void)arm_watchdog(120);
        ::sleep(60);
    }
}

[[noreturn]] static void give_up(const std::string& why) {
    wait_before_reboot(why);
    ::sync();
    ::reboot(RB_AUTOBOOT);
    // Ending process 1 makes the kernel panic, and `panic=` reboots.
    ::_exit(1);
}

} // namespace quoin::early

int main() {
    if (::getpid() != 1) {
        quoin::early::say_failure("quoin-early is process 1 of an initrd and does nothing else");
        return 2;
    }
    try {
        quoin::early::boot();
    } catch (const quoin::Error& e) {
        quoin::early::give_up(e.what());
    } catch (const std::exception& e) {
        quoin::early::give_up(std::string("cannot boot: ") + e.what());
    }
}
