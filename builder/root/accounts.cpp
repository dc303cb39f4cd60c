// SPDX-License-Identifier: Apache-2.0
#include "builder/root/accounts.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace quoin {

namespace {

constexpr std::uint32_t first_uid = 1000; // of people, login.defs(5)
constexpr std::uint32_t last_uid = 59999;
const std::string locked = "!*";

/// A file of lines with fields between colons. Lines that are not understood stay as they are.
class Table {
  public:
    Table(std::string& text, std::size_t fields) : text_(text), fields_(fields) {
        for (std::size_t start = 0; start < text.size();) {
            const std::size_t end = std::min(text.find('\n', start), text.size());
            rows_.push_back(split(text.substr(start, end - start), ':'));
            start = end + 1;
        }
    }
    ~Table() = default;
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    std::vector<std::string>* find(const std::string& name) {
        for (auto& row : rows_)
            if (row.size() == fields_ && row[0] == name)
                return &row;
        return nullptr;
    }
    std::vector<std::string>& add(std::vector<std::string> row) {
        row.resize(fields_);
        rows_.push_back(std::move(row));
        return rows_.back();
    }
    [[nodiscard]] std::set<std::uint32_t> numbers_in(std::size_t field) const {
        std::set<std::uint32_t> numbers;
        for (const auto& row : rows_)
            if (row.size() == fields_)
                numbers.insert(number(row[field]));
        return numbers;
    }
    void store() {
        text_.clear();
        for (const auto& row : rows_)
            text_ += joined(row, ':') + "\n";
    }

    static std::uint32_t number(const std::string& text) {
        std::uint32_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }
    static std::vector<std::string> split(const std::string& text, char separator) {
        std::vector<std::string> parts;
        for (std::size_t start = 0; start <= text.size();) {
            const std::size_t end = std::min(text.find(separator, start), text.size());
            parts.push_back(text.substr(start, end - start));
            start = end + 1;
        }
        return parts;
    }
    static std::string joined(const std::vector<std::string>& parts, char separator) {
        std::string text;
        for (std::size_t i = 0; i < parts.size(); ++i)
            text += (i == 0 ? "" : std::string(1, separator)) + parts[i];
        return text;
    }

  private:
    std::string& text_;
    std::size_t fields_;
    std::vector<std::vector<std::string>> rows_;
};

enum PasswdField {
    passwd_uid = 2,
    passwd_gid = 3,
    passwd_home = 5,
    passwd_shell = 6,
    passwd_fields
};
enum ShadowField { shadow_hash = 1, shadow_changed = 2, shadow_fields = 9 };
enum GroupField { group_gid = 2, group_members = 3, group_fields };

class Editor {
  public:
    Editor(AccountFiles& files, std::int64_t day, const RecipePlaces& places)
        : places_(places), passwd_(files.passwd, passwd_fields),
          shadow_(files.shadow, shadow_fields), group_(files.group, group_fields),
          gshadow_(files.gshadow, group_fields), has_gshadow_(!files.gshadow.empty()),
          day_(std::to_string(day)) {}

    Account apply(const RecipeUser& user) {
        auto* row = passwd_.find(user.name);
        if (row == nullptr)
            row = &add_user(user);
        else
            change(user, *row);
        set_password(user);
        for (const std::string& group : user.groups)
            join(user.name, group);
        return {user.name, Table::number((*row)[passwd_uid]), Table::number((*row)[passwd_gid]),
                (*row)[passwd_home]};
    }

    void store() {
        passwd_.store();
        shadow_.store();
        group_.store();
        if (has_gshadow_)
            gshadow_.store();
    }

  private:
    [[nodiscard]] Error cannot_add(const RecipeUser& user, const char* key,
                                   const std::string& why) const {
        return places_.mistake("system.users." + user.name + key, "",
                               "cannot add user '" + user.name + "': " + why);
    }

    std::vector<std::string>& add_user(const RecipeUser& user) {
        const auto taken = passwd_.numbers_in(passwd_uid);
        const auto taken_groups = group_.numbers_in(group_gid);
        std::uint32_t uid = user.uid.value_or(first_uid);
        while (!user.uid && (taken.contains(uid) || taken_groups.contains(uid)))
            if (++uid > last_uid)
                throw cannot_add(user, "", "no uid is free");
        if (taken.contains(uid))
            throw cannot_add(user, ".uid", "uid " + std::to_string(uid) + " is taken");

        std::uint32_t gid = uid;
        if (const auto* existing = group_.find(user.name)) {
            gid = Table::number((*existing)[group_gid]);
        } else {
            if (taken_groups.contains(gid))
                throw cannot_add(user, ".uid",
                                 "gid " + std::to_string(gid) +
                                     " for the group of the same name is taken");
            group_.add({user.name, "x", std::to_string(gid), ""});
            if (has_gshadow_)
                gshadow_.add({user.name, "!", "", ""});
        }
        shadow_.add({user.name, locked, day_, "0", "99999", "7", "", "", ""});
        return passwd_.add({user.name, "x", std::to_string(uid), std::to_string(gid), "",
                            user.home.empty() ? "/home/" + user.name : user.home,
                            user.shell.empty() ? "/bin/bash" : user.shell});
    }

    void change(const RecipeUser& user, std::vector<std::string>& row) const {
        if (user.uid && Table::number(row[passwd_uid]) != *user.uid)
            throw cannot_add(user, ".uid", "the root has it with uid " + row[passwd_uid]);
        if (!user.home.empty())
            row[passwd_home] = user.home;
        if (!user.shell.empty())
            row[passwd_shell] = user.shell;
    }

    void set_password(const RecipeUser& user) {
        if (user.password_hash.empty())
            return;
        auto* row = shadow_.find(user.name);
        if (row == nullptr)
            row = &shadow_.add({user.name, locked, day_, "0", "99999", "7", "", "", ""});
        (*row)[shadow_hash] = user.password_hash;
        (*row)[shadow_changed] = day_;
        (*passwd_.find(user.name))[1] = "x";
    }

    void join(const std::string& user, const std::string& group) {
        auto* row = group_.find(group);
        if (row == nullptr)
            throw places_.mistake("system.users." + user + ".groups", group,
                                  "cannot add user '" + user + "' to group '" + group +
                                      "': the root has no such group");
        add_member(*row, user);
        if (auto* shadow_row = gshadow_.find(group))
            add_member(*shadow_row, user);
    }

    static void add_member(std::vector<std::string>& row, const std::string& user) {
        auto members = row[group_members].empty() ? std::vector<std::string>{}
                                                  : Table::split(row[group_members], ',');
        if (std::find(members.begin(), members.end(), user) == members.end())
            members.push_back(user);
        row[group_members] = Table::joined(members, ',');
    }

    const RecipePlaces& places_;
    Table passwd_;
    Table shadow_;
    Table group_;
    Table gshadow_;
    bool has_gshadow_;
    std::string day_;
};

} // namespace

std::vector<Account> apply_users(AccountFiles& files, const std::vector<RecipeUser>& users,
                                 std::int64_t day, const RecipePlaces& places) {
    Editor editor(files, day, places);
    std::vector<Account> accounts;
    for (const RecipeUser& user : users)
        accounts.push_back(editor.apply(user));
    editor.store();
    return accounts;
}

bool lock_root(AccountFiles& files) {
    Table shadow(files.shadow, shadow_fields);
    Table passwd(files.passwd, passwd_fields);
    bool had_password = false;
    const auto lock = [&](std::vector<std::string>* row, const std::string& value) {
        if (row == nullptr || (*row)[shadow_hash].starts_with('!') ||
            (*row)[shadow_hash].starts_with('*') || (*row)[shadow_hash] == "x")
            return;
        had_password = true;
        (*row)[shadow_hash] = value;
    };
    lock(shadow.find("root"), locked);
    // Without a shadow entry the password is in passwd itself.
    lock(passwd.find("root"), shadow.find("root") != nullptr ? "x" : locked);
    if (had_password) {
        shadow.store();
        passwd.store();
    }
    return had_password;
}

} // namespace quoin
