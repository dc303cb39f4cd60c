// SPDX-License-Identifier: Apache-2.0
// state.json lies on a file system that power cuts and other programs may have damaged: whatever is
// in it, the agent has a state, and can write it again. boot.json comes along, which only early
// userspace writes.
#include "agent/boot_report.hpp"
#include "agent/state.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

using namespace quoin;

static std::string directory_of(const std::string& state_file) {
    static const TemporaryDirectory directory;
    const std::string link = directory.path() + "/state.json";
    ::unlink(link.c_str());
    if (::symlink(state_file.c_str(), link.c_str()) != 0)
        throw system_error("cannot make a link");
    return directory.path();
}

static void check_state(ByteView input) {
    static const fuzz::MemoryFile file;
    file.set(input);
    static const std::string directory = directory_of(file.path());
    const AgentState state = AgentState::read(directory);
    if (state.attempt)
        fuzz::require(state.attempt->slot == 'a' || state.attempt->slot == 'b');
    for (const HistoryRecord& record : state.history)
        fuzz::require(!name_of(record.outcome).empty());
    (void)read_boot_report(file.path());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run(check_state, {data, size}, {ErrorCode::failed});
}
