// SPDX-License-Identifier: Apache-2.0
// The file's fields are described in docs/formats/state.md. Readers skip fields that they do not
// know, since an older agent reads what a newer one wrote after every rollback.
#include "agent/state.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/whole_number.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace quoin {

namespace {

using Json = nlohmann::json;

constexpr std::size_t max_history = 64;
constexpr std::size_t max_notes = 32;
constexpr std::uint64_t max_file_size = 1 << 20;

std::string path_in(const std::string& directory) {
    return directory + "/state.json";
}

/// Unknown words read as inconclusive: a newer agent may know more outcomes.
Outcome outcome_named(const std::string& name) {
    for (const Outcome outcome : {Outcome::confirmed, Outcome::check_failed, Outcome::panicked,
                                  Outcome::corrupted, Outcome::inconclusive, Outcome::rolled_back})
        if (name_of(outcome) == name)
            return outcome;
    return Outcome::inconclusive;
}

Json to_json(const Attempt& attempt) {
    Json json = {{"from_version", attempt.from_version}, {"from_root_hash", attempt.from_root_hash},
                 {"to_version", attempt.to_version},     {"to_root_hash", attempt.to_root_hash},
                 {"slot", std::string(1, attempt.slot)}, {"armed_at", attempt.armed_at},
                 {"rearmed", attempt.rearmed},           {"boots_seen", attempt.boots_seen}};
    json["failure"] = attempt.failure ? Json(*attempt.failure) : Json(nullptr);
    return json;
}

template <typename Number>
Number whole(const Json& json) {
    const auto number = whole_number<Number>(json);
    if (!number)
        throw Error("a number is not whole, or out of range");
    return *number;
}

Attempt attempt_from(const Json& json) {
    Attempt attempt;
    attempt.from_version = json.at("from_version").get<std::string>();
    attempt.from_root_hash = json.at("from_root_hash").get<std::string>();
    attempt.to_version = json.at("to_version").get<std::string>();
    attempt.to_root_hash = json.at("to_root_hash").get<std::string>();
    attempt.slot = json.at("slot").get<std::string>() == "a" ? 'a' : 'b';
    attempt.armed_at = whole<std::int64_t>(json.at("armed_at"));
    attempt.rearmed = whole<unsigned>(json.at("rearmed"));
    attempt.boots_seen = whole<unsigned>(json.at("boots_seen"));
    if (const auto failure = json.find("failure"); failure != json.end() && failure->is_string())
        attempt.failure = failure->get<std::string>();
    return attempt;
}

Json to_json(const HistoryRecord& record) {
    return {{"time", record.time},
            {"from_version", record.from_version},
            {"to_version", record.to_version},
            {"to_root_hash", record.to_root_hash},
            {"outcome", name_of(record.outcome)},
            {"reason", record.reason}};
}

HistoryRecord history_from(const Json& json) {
    return {whole<std::int64_t>(json.at("time")),
            json.at("from_version").get<std::string>(),
            json.at("to_version").get<std::string>(),
            json.at("to_root_hash").get<std::string>(),
            outcome_named(json.at("outcome").get<std::string>()),
            json.at("reason").get<std::string>()};
}

Json to_json(const QuarantineRecord& record) {
    return {{"version", record.version},
            {"root_hash", record.root_hash},
            {"reason", record.reason},
            {"time", record.time}};
}

QuarantineRecord quarantine_from(const Json& json) {
    return {json.at("version").get<std::string>(), json.at("root_hash").get<std::string>(),
            json.at("reason").get<std::string>(), whole<std::int64_t>(json.at("time"))};
}

AgentState parse(const std::string& text) {
    const Json json = Json::parse(text.data(), text.data() + text.size());
    AgentState state;
    if (const Json& attempt = json.at("attempt"); !attempt.is_null())
        state.attempt = attempt_from(attempt);
    for (const Json& record : json.at("history"))
        state.history.push_back(history_from(record));
    for (const Json& record : json.at("quarantine"))
        state.quarantine.push_back(quarantine_from(record));
    for (const Json& note : json.at("notes"))
        state.notes.push_back(note.get<std::string>());
    return state;
}

/// The last `limit` elements as a JSON array.
template <typename T, typename Convert>
Json newest(const std::vector<T>& elements, std::size_t limit, Convert convert) {
    Json array = Json::array();
    const std::size_t skipped = elements.size() > limit ? elements.size() - limit : 0;
    for (std::size_t i = skipped; i < elements.size(); ++i)
        array.push_back(convert(elements[i]));
    return array;
}

} // namespace

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::confirmed:
        return "confirmed";
    case Outcome::check_failed:
        return "check";
    case Outcome::panicked:
        return "panic";
    case Outcome::corrupted:
        return "corruption";
    case Outcome::inconclusive:
        return "inconclusive";
    case Outcome::rolled_back:
        return "rollback";
    }
    return "inconclusive";
}

bool AgentState::exists(const std::string& directory) {
    return quoin::exists(path_in(directory));
}

AgentState AgentState::read(const std::string& directory) {
    const std::string path = path_in(directory);
    if (!quoin::exists(path))
        return {};
    try {
        return parse(read_text(path, max_file_size));
    } catch (const std::exception& problem) { // what JSON or the medium finds wrong with it
        AgentState state;
        state.replaces_damaged = true;
        state.notes.push_back(
            "'" + path +
            "' was damaged and its history and quarantine are lost: " + problem.what());
        return state;
    }
}

void AgentState::write(const std::string& directory) const {
    Json json;
    json["attempt"] = attempt ? to_json(*attempt) : Json(nullptr);
    const auto convert = [](const auto& record) { return to_json(record); };
    json["history"] = newest(history, max_history, convert);
    json["quarantine"] = newest(quarantine, quarantine.size(), convert);
    json["notes"] = newest(notes, max_notes, [](const std::string& note) { return Json(note); });
    // Reasons may quote what a check printed, which need not be UTF-8.
    const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    const std::string path = path_in(directory);
    if (replaces_damaged) { // a read error may pass, and its quarantine is worth a look
        const std::string kept = path + ".damaged";
        ::unlink(kept.c_str());
        // Without the copy the state is lost all the same; writing the new one matters more.
        (void)::link(path.c_str(), kept.c_str());
    }
    replace_file_durably(path, bytes_of(text));
}

const QuarantineRecord* AgentState::quarantined(const std::string& root_hash) const {
    const auto found =
        std::find_if(quarantine.begin(), quarantine.end(),
                     [&](const QuarantineRecord& record) { return record.root_hash == root_hash; });
    return found == quarantine.end() ? nullptr : &*found;
}

} // namespace quoin
