// SPDX-License-Identifier: Apache-2.0
// What became of the update that was under way, judged by the system that runs now. Pure and total.
#pragma once

#include "agent/policy/slot_state.hpp"
#include "agent/state.hpp"

#include <optional>
#include <string>

namespace quoin {

/// What is known at once after every boot.
struct BootFacts {
    std::optional<Attempt> attempt;
    std::string booted_root_hash;    ///< hex
    bool counted = false;            ///< this boot used up a try
    std::optional<EntryFacts> entry; ///< of the slot that the attempt armed, if it is still there
};

enum class BootVerdict {
    nothing,     ///< no update is under way
    gate,        ///< this boot is a try: the health gate decides
    succeeded,   ///< the update was confirmed, only the record of it is missing
    waiting,     ///< it still has tries: the loader will start it at the next boot
    never_armed, ///< power went before the last sector was written
    vanished,    ///< its boot entry is gone or belongs to another system
    ended,       ///< its tries are used up: judge_end() says why
};
[[nodiscard]] BootVerdict judge_boot(const BootFacts& facts);

/// What can be found out about an update whose tries are used up.
struct EndEvidence {
    std::optional<std::string> failure;     ///< of the last health gate that failed
    std::optional<std::string> slot_damage; ///< what is wrong with the slot's content, if anything
    std::optional<std::string> panic;       ///< a kernel panic recorded since it was armed
    unsigned rearmed = 0;                   ///< how often it was given fresh tries
};

struct EndVerdict {
    Outcome outcome = Outcome::inconclusive;
    bool quarantine = false; ///< the release is to blame: never install it again
    bool rearm = false;      ///< nothing is to blame: give it fresh tries
    std::string reason;
};

/// The most direct evidence wins: a check that failed, then damage, then a panic. Tries that ran
/// out without any (power cuts) get one more round, then the slot stays bad without quarantine.
[[nodiscard]] EndVerdict judge_end(const EndEvidence& evidence);

} // namespace quoin
