// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rankscope {

/// What went wrong in the world outside the program, coarse enough for a caller to act on.
enum class ErrorKind {
  BadRequest,   ///< options, a plan or a pattern that make no sense
  NotFound,     ///< a file or tensor that should be there is not
  Unreadable,   ///< the operating system refuses to read
  Malformed,    ///< a file whose content contradicts its format
  Unsupported,  ///< a sound file or setting that Rankscope does not handle
  BadValues,    ///< NaN or infinity where numbers are needed
  Unwritable,   ///< the operating system refuses to write
  NoSpace,      ///< the disk is full, or would be
  InUse,        ///< another process holds the file
  Changed,      ///< a file became another one while it was open
};

std::string_view name(ErrorKind kind);

/// A failure that the user can understand and act on: one sentence that names the file and, where there is one, the
/// tensor. Bugs are asserts, never Errors.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& sentence) : std::runtime_error(sentence), m_kind(kind) {}
  ErrorKind kind() const { return m_kind; }

 private:
  ErrorKind m_kind;
};

/// Turns `errno`-style failures on `path` into an Error: ENOENT is NotFound (in writing Unwritable), ENOSPC/EDQUOT
/// NoSpace, and so on. `what` begins the sentence, e.g. "cannot write".
[[nodiscard]] Error systemError(int errnoValue, std::string_view what, const std::filesystem::path& path);

/// Thrown by Progress::check() after a stop request. Not an Error: nothing went wrong.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace rankscope
