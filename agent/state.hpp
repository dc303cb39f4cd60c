// SPDX-License-Identifier: Apache-2.0
// What the agent remembers on the data partition: the attempt under way, what happened to earlier
// ones, which releases are quarantined. Everything in it can be lost: then slots and entries alone
// say what runs, and only history and quarantine are gone. docs/formats/state.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quoin {

/// Why a release was left again.
enum class Outcome { confirmed, check_failed, panicked, corrupted, inconclusive, rolled_back };
[[nodiscard]] std::string_view
name_of(Outcome outcome); ///< "confirmed" "check" "panic" "corruption" "inconclusive" "rollback"

/// An update that was armed and not yet judged.
struct Attempt {
    std::string from_version, from_root_hash;
    std::string to_version, to_root_hash;
    char slot = 'b';
    std::int64_t armed_at = 0; ///< seconds since 1970; 0 when the clock was unset
    unsigned rearmed = 0;      ///< how often an inconclusive end gave it fresh tries
    unsigned boots_seen = 0;   ///< tries whose health gate was reached
    std::optional<std::string>
        failure; ///< of the last gate that failed: "check 'NAME' exited with 1"
};

/// One line of history.
struct HistoryRecord {
    std::int64_t time = 0;
    std::string from_version, to_version, to_root_hash;
    Outcome outcome = Outcome::confirmed;
    std::string reason;
};

struct QuarantineRecord {
    std::string version, root_hash, reason;
    std::int64_t time = 0;
};

/// state.json, replaced durably as a whole. At most 64 history records are kept.
struct AgentState {
    std::optional<Attempt> attempt;
    std::vector<HistoryRecord> history;       ///< oldest first
    std::vector<QuarantineRecord> quarantine; ///< by root hash
    std::vector<std::string> notes;           ///< what was mended or lost, for `status`
    bool replaces_damaged = false;            ///< the file is there and read() could not read it

    /// False as long as nothing was ever written, or when it was lost.
    [[nodiscard]] static bool exists(const std::string& directory);
    /// A missing file is an empty state; a damaged one too, with a note that says so.
    [[nodiscard]] static AgentState read(const std::string& directory);
    /// What read() could not read is kept beside it, as state.json.damaged.
    void write(const std::string& directory) const;
    [[nodiscard]] const QuarantineRecord* quarantined(const std::string& root_hash) const;
};

} // namespace quoin
