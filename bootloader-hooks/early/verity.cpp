// SPDX-License-Identifier: Apache-2.0
#include "early/verity.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "early/patience.hpp"

#include <cstring>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace quoin::early {

static constexpr std::uint64_t sectors_per_block = 4096 / 512;
static const std::string device_name = "root";

std::string verity_parameters(const CommandLine& line, const std::string& data_device,
                              const std::string& hash_device, OnCorruption on_corruption) {
    std::string parameters = "1 " + data_device + " " + hash_device + " 4096 4096 " +
                             std::to_string(line.blocks) + " 1 sha256 " + line.root_hash + " " +
                             line.salt;
    if (on_corruption == OnCorruption::restart)
        parameters += " 1 restart_on_corruption";
    return parameters;
}

namespace {

/// One request to the device mapper about our device: the header, then what the command carries.
struct Request {
    dm_ioctl header{};
    dm_target_spec target{};
    char parameters[1024]{};

    Request() {
        header.version[0] = DM_VERSION_MAJOR;
        header.data_size = sizeof(Request);
        header.data_start = offsetof(Request, target);
        device_name.copy(header.name, sizeof header.name - 1);
    }

    void send(FdRef control, unsigned long command, const char* doing) {
        if (::ioctl(control.get(), command, this) != 0)
            throw system_error(doing);
    }
};

} // namespace

static unsigned create_device(FdRef control, const CommandLine& line) {
    Request request;
    const std::string uuid = "CRYPT-VERITY-" + line.root_hash.substr(0, 32) + "-" + device_name;
    uuid.copy(request.header.uuid, sizeof request.header.uuid - 1);
    request.send(control, DM_DEV_CREATE, "cannot create device 'root'");
    return minor(request.header.dev);
}

static void load_table(FdRef control, const CommandLine& line, const std::string& parameters) {
    Request request;
    if (parameters.size() >= sizeof request.parameters)
        throw Error("cannot open verity: parameters too long");
    request.header.flags = DM_READONLY_FLAG;
    request.header.target_count = 1;
    request.target.length = line.blocks * sectors_per_block;
    std::strcpy(request.target.target_type, "verity");
    parameters.copy(request.parameters, sizeof request.parameters - 1);
    request.send(control, DM_TABLE_LOAD,
                 "cannot open verity (the kernel's log has the reason in a line 'device-mapper:')");
}

static void resume_device(FdRef control) {
    // "Suspend" without the suspend flag is how the device mapper spells resume.
    Request request;
    request.send(control, DM_DEV_SUSPEND, "cannot start device 'root'");
}

std::string open_verity(const CommandLine& line, const std::string& data_device,
                        const std::string& hash_device, OnCorruption on_corruption) {
    const UniqueFd control = open_file("/dev/mapper/control", O_RDWR);
    const unsigned number = create_device(control, line);
    load_table(control, line, verity_parameters(line, data_device, hash_device, on_corruption));
    resume_device(control);

    const std::string node = "dm-" + std::to_string(number);
    for (Patience patience(5); !exists("/dev/" + node);)
        if (!patience.wait())
            throw Error("cannot find device 'root': the kernel made no '" + node + "'");
    if (::symlink(("../" + node).c_str(), ("/dev/mapper/" + device_name).c_str()) != 0)
        throw system_error("cannot name device 'root'");
    return "/dev/" + node;
}

} // namespace quoin::early
