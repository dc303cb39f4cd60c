// SPDX-License-Identifier: Apache-2.0
#include "agent/state.hpp"
#include "base/file.hpp"
#include "support/catch.hpp"

using namespace quoin;

namespace {

AgentState example() {
    AgentState state;
    Attempt attempt;
    attempt.from_version = "1.0.0";
    attempt.from_root_hash = std::string(64, '1');
    attempt.to_version = "2.0.0";
    attempt.to_root_hash = std::string(64, '2');
    attempt.slot = 'b';
    attempt.armed_at = 1714564800;
    attempt.rearmed = 1;
    attempt.boots_seen = 2;
    attempt.failure = "check 'x' exited with 1";
    state.attempt = attempt;
    state.history.push_back({1, "0.9.0", "1.0.0", std::string(64, '1'), Outcome::confirmed, ""});
    state.quarantine.push_back({"1.5.0", std::string(64, '5'), "Kernel panic", 7});
    state.notes.push_back("a note");
    return state;
}

void overwrite(const std::string& directory, const std::string& text) {
    replace_file_durably(directory + "/state.json", bytes_of(text));
}

} // namespace

TEST_CASE("the state reads back as it was written") {
    const TemporaryDirectory directory;
    example().write(directory.path());
    const AgentState read = AgentState::read(directory.path());
    REQUIRE(read.attempt);
    CHECK(read.attempt->to_version == "2.0.0");
    CHECK(read.attempt->slot == 'b');
    CHECK(read.attempt->armed_at == 1714564800);
    CHECK(read.attempt->rearmed == 1);
    CHECK(read.attempt->boots_seen == 2);
    CHECK(read.attempt->failure == "check 'x' exited with 1");
    REQUIRE(read.history.size() == 1);
    CHECK(read.history[0].outcome == Outcome::confirmed);
    REQUIRE(read.quarantined(std::string(64, '5')) != nullptr);
    CHECK(read.quarantined(std::string(64, '5'))->reason == "Kernel panic");
    CHECK(read.quarantined(std::string(64, '6')) == nullptr);
    CHECK(read.notes == std::vector<std::string>{"a note"});
}

TEST_CASE("a missing state is an empty one") {
    const TemporaryDirectory directory;
    const AgentState state = AgentState::read(directory.path() + "/nowhere");
    CHECK_FALSE(state.attempt);
    CHECK(state.history.empty());
    CHECK(state.notes.empty());
}

TEST_CASE("a damaged state is an empty one that says so") {
    const TemporaryDirectory directory;
    for (const char* text : {"", "{", "[]", "{\"attempt\":null}", "\x00\xff garbage",
                             R"({"attempt":{"slot":3},"history":[],"quarantine":[],"notes":[]})"}) {
        CAPTURE(text);
        overwrite(directory.path(), text);
        const AgentState state = AgentState::read(directory.path());
        CHECK_FALSE(state.attempt);
        REQUIRE(state.notes.size() == 1);
        CHECK(state.notes[0].find("damaged") != std::string::npos);
        state.write(directory.path());
        CHECK(read_text(directory.path() + "/state.json.damaged") == text);
        CHECK(AgentState::read(directory.path()).notes == state.notes);
    }
}

TEST_CASE("a state with a number that its field cannot hold is damaged") {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state.json";
    example().write(directory.path());
    const std::string good = read_text(path);
    const auto damaged_with = [&](const std::string& field, const std::string& number) {
        std::string text = good;
        const auto at = text.find("\"" + field + "\": ") + field.size() + 4;
        text.replace(at, text.find_first_of(",\n", at) - at, number);
        overwrite(directory.path(), text);
        const AgentState state = AgentState::read(directory.path());
        return !state.attempt && state.notes.front().find("damaged") != std::string::npos;
    };
    for (const char* field : {"rearmed", "boots_seen"}) {
        CHECK_FALSE(damaged_with(field, "4294967295"));
        for (const char* number : {"4294967296", "-1", "1.5", "18446744073709551616"}) {
            CAPTURE(field, number);
            CHECK(damaged_with(field, number));
        }
    }
    for (const char* field : {"armed_at", "time"}) {
        CHECK_FALSE(damaged_with(field, "-9223372036854775808"));
        CHECK_FALSE(damaged_with(field, "9223372036854775807"));
        for (const char* number : {"9223372036854775808", "18446744073709551615", "1e3"}) {
            CAPTURE(field, number);
            CHECK(damaged_with(field, number));
        }
    }
}

TEST_CASE("what a newer agent added is passed over") {
    const TemporaryDirectory directory;
    overwrite(directory.path(), R"({"attempt":null,"later":1,"notes":[],"quarantine":[],
        "history":[{"time":1,"from_version":"","to_version":"2","to_root_hash":"22",
                    "outcome":"abducted","reason":"r","by":"aliens"}]})");
    const AgentState state = AgentState::read(directory.path());
    REQUIRE(state.history.size() == 1);
    CHECK(state.history[0].outcome == Outcome::inconclusive);
}

TEST_CASE("history keeps the newest 64 records") {
    const TemporaryDirectory directory;
    AgentState state;
    for (int i = 0; i < 100; ++i)
        state.history.push_back({i, "", "1", "", Outcome::confirmed, ""});
    state.write(directory.path());
    const AgentState read = AgentState::read(directory.path());
    REQUIRE(read.history.size() == 64);
    CHECK(read.history.front().time == 36);
    CHECK(read.history.back().time == 99);
}

TEST_CASE("a reason that is not UTF-8 does not keep the state from being written") {
    const TemporaryDirectory directory;
    AgentState state;
    state.history.push_back({1, "", "1", "", Outcome::check_failed, "broken \xff\xfe text"});
    state.write(directory.path());
    CHECK(AgentState::read(directory.path()).history.size() == 1);
}
