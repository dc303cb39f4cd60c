// SPDX-License-Identifier: Apache-2.0
// The one exception class of the project, and the one place where a failure becomes an exit code.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace quoin {

/// What went wrong, coarse enough for a caller to act on. The text says the rest.
enum class ErrorCode {
    failed = 1,  ///< I/O, missing tool, broken environment: trying again may help
    usage = 2,   ///< the command line, the recipe or a configuration file is wrong
    refused = 3, ///< the input is untrusted, damaged, incompatible or older: nothing was changed
    nothing_to_do = 4, ///< what was asked for is already so
    cancelled = 5,     ///< Ctrl+C or SIGTERM; a clean state was left behind
};

/// Thrown by every function that cannot do what its name says. `what()` is one line, cause last:
/// "cannot write slot 'b': No space left on device".
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    explicit Error(const std::string& message) : Error(ErrorCode::failed, message) {}

    [[nodiscard]] ErrorCode code() const noexcept { return code_; }

    /// The same error with "context: " in front: used once per layer, where the knowledge is.
    [[nodiscard]] Error with_context(std::string_view context) const {
        return {code_, std::string(context) + ": " + what()};
    }

  private:
    ErrorCode code_;
};

/// An Error(refused): the input is not acceptable and nothing was changed.
[[nodiscard]] inline Error refused(const std::string& message) {
    return {ErrorCode::refused, message};
}

/// An Error(failed) for `errno`: "doing: strerror".
[[nodiscard]] Error system_error(std::string_view doing);
/// The same for an explicit errno value.
[[nodiscard]] Error system_error(std::string_view doing, int error_number);

/// The process exit code of the contract: 0 done, 1 failed, 2 usage, 3 refused, 4 nothing to do.
/// Cancelled is 1.
[[nodiscard]] int exit_code(ErrorCode code) noexcept;

/// Runs `body`; an Error thrown in it leaves with `context: ` in front.
template <typename Body>
auto in_context(std::string_view context, Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const Error& e) {
        throw e.with_context(context);
    }
}

} // namespace quoin
