// SPDX-License-Identifier: Apache-2.0
// What single values of a recipe may be. Pure predicates.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace quoin {

/// RFC 1123: letters, digits and '-' in labels of at most 63, 64 characters in all (Linux's limit).
[[nodiscard]] bool is_host_name(std::string_view text);

/// A user or group name as useradd(8) accepts it.
[[nodiscard]] bool is_account_name(std::string_view text);

/// A crypt(5) hash: "$id$…", without ':'; or "!" or "*" for a locked password.
[[nodiscard]] bool is_password_hash(std::string_view text);

/// An SSH public key line: "ssh-ed25519 AAAA… comment".
[[nodiscard]] bool is_ssh_public_key(std::string_view text);

/// Absolute, without "." or ".." components, empty ones or a trailing '/', and not "/" itself.
[[nodiscard]] bool is_clean_absolute_path(std::string_view text);

/// An IPv4 or IPv6 address; the same with a prefix length.
[[nodiscard]] bool is_ip_address(const std::string& text);
[[nodiscard]] bool is_ip_address_with_prefix(const std::string& text);

/// "name.service" and the other suffixes of systemd; instances "name@x.service" too.
[[nodiscard]] bool is_unit_name(std::string_view text);

/// The first word of a kernel command line that Quoin sets itself, or that would take effect from
/// what it sets; nothing when there is none. A word counts however kernel, early userspace or
/// systemd would read it: with quotes around it or within, '-' for '_'.
[[nodiscard]] std::optional<std::string> reserved_word_in(std::string_view command_line);

/// Printable ASCII with its double quotes in pairs: what every reader of /proc/cmdline splits
/// alike.
[[nodiscard]] bool is_command_line(std::string_view text);

/// A kernel module's, interface's or suite's name: letters, digits and "._-", beginning with one
/// that is no "." or "-".
[[nodiscard]] bool is_plain_name(std::string_view text);

/// What apt accepts in a list of packages: "name", "name:arch", "name=version", "name/suite".
[[nodiscard]] bool is_package_name(std::string_view text);

} // namespace quoin
