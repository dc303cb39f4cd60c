// SPDX-License-Identifier: Apache-2.0
// Slots, versions, states, what runs, what would boot next, and why. Changes nothing.
#include "agent/bootloaders/systemd_boot.hpp"
#include "agent/clock.hpp"
#include "agent/commands/commands.hpp"
#include "agent/policy/explain.hpp"
#include "agent/steps/observe.hpp"
#include "base/terminal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace quoin::commands {

namespace {

using Json = nlohmann::json;

/// As many records as fit a screen; the JSON has them all.
constexpr std::size_t records_shown = 8;

template <typename T>
Json value_or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json slot_name(const std::optional<char>& slot) {
    return slot ? Json(std::string(1, *slot)) : Json(nullptr);
}

Json to_json(const ObservedSlot& observed) {
    const bool empty = observed.slot.empty();
    return {{"name", std::string(1, observed.slot.name)},
            {"version", empty ? Json(nullptr) : Json(observed.slot.version)},
            {"root_hash", empty ? Json(nullptr) : Json(observed.root_hash())},
            {"state", name_of(observed.state)},
            {"tries_left", value_or_null(observed.tries_left())}};
}

Json history_to_json(const AgentState& state) {
    Json array = Json::array();
    for (const HistoryRecord& record : state.history)
        array.push_back({{"time", record.time},
                         {"from_version", record.from_version},
                         {"to_version", record.to_version},
                         {"to_root_hash", record.to_root_hash},
                         {"outcome", name_of(record.outcome)},
                         {"reason", record.reason}});
    return array;
}

Json quarantine_to_json(const AgentState& state) {
    Json array = Json::array();
    for (const QuarantineRecord& record : state.quarantine)
        array.push_back({{"version", record.version},
                         {"root_hash", record.root_hash},
                         {"reason", record.reason},
                         {"time", record.time}});
    return array;
}

std::string as_json(const Observation& seen, const AgentState& state,
                    const std::vector<std::string>& notes) {
    Json json;
    json["booted"] = slot_name(seen.booted);
    json["next"] = slot_name(seen.next);
    json["slots"] = {to_json(seen.slots[0]), to_json(seen.slots[1])};
    json["why"] = {{"next", explain_next(seen)}, {"last_update", explain_last_update(seen, state)}};
    json["history"] = history_to_json(state);
    json["quarantine"] = quarantine_to_json(state);
    json["notes"] = notes;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

std::string table_row(const std::string& slot, const std::string& version,
                      std::size_t version_width, const std::string& state, const std::string& tries,
                      const std::string& root_hash) {
    return padded(slot, 6) + padded(version, version_width + 2) + padded(state, 11) +
           padded(tries, 7) + root_hash + "\n";
}

std::string slot_table(const Observation& seen) {
    std::size_t width = std::string_view("version").size();
    for (const ObservedSlot& observed : seen.slots)
        width = std::max(width, observed.slot.version.size());
    std::string text = table_row("slot", "version", width, "state", "tries", "root hash");
    for (const ObservedSlot& observed : seen.slots) {
        const auto left = observed.tries_left();
        const bool empty = observed.slot.empty();
        text += table_row(
            std::string(1, observed.slot.name) + (seen.booted == observed.slot.name ? " *" : ""),
            empty ? "-" : observed.slot.version, width, std::string(name_of(observed.state)),
            left ? std::to_string(*left) : "-", empty ? "-" : observed.root_hash());
    }
    return text;
}

std::string as_text(const Observation& seen, const AgentState& state,
                    const std::vector<std::string>& notes) {
    std::string text = slot_table(seen) + "\n";
    text += "runs:         ";
    text += seen.booted ? std::string("slot '") + *seen.booted + "' (*)" : "not this machine";
    text += "\nboots next:   " + explain_next(seen);
    text += "\nlast update:  " + explain_last_update(seen, state) + "\n";
    const auto line = [&text](const std::string& content) {
        text += "  " + printable(content) + "\n";
    };
    if (!state.history.empty())
        text += "history:\n";
    const std::size_t shown = std::min(records_shown, state.history.size());
    for (auto record = state.history.end() - static_cast<std::ptrdiff_t>(shown);
         record != state.history.end(); ++record)
        line(format_time(record->time) + "  " + explain_record(*record));
    if (!state.quarantine.empty())
        text += "quarantined, not to be installed again:\n";
    for (const QuarantineRecord& record : state.quarantine)
        line(record.version + ": " + record.reason);
    if (!notes.empty())
        text += "notes:\n";
    for (const std::string& note : notes)
        line(note);
    return text;
}

} // namespace

void status(const Invocation& invocation) {
    const Node node = Node::open(invocation.node, false);
    const SystemdBoot loader(node.esp_directory());
    const AgentState state = AgentState::read(node.state_directory());
    const Observation seen = observe(node, loader, state);
    std::vector<std::string> notes = state.notes;
    if (node.boot_report())
        notes.insert(notes.end(), node.boot_report()->notes.begin(),
                     node.boot_report()->notes.end());
    print(invocation.json ? as_json(seen, state, notes) : as_text(seen, state, notes));
}

} // namespace quoin::commands
