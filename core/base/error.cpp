// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace rankscope {

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::BadRequest: return "bad-request";
    case ErrorKind::NotFound: return "not-found";
    case ErrorKind::Unreadable: return "unreadable";
    case ErrorKind::Malformed: return "malformed";
    case ErrorKind::Unsupported: return "unsupported";
    case ErrorKind::BadValues: return "bad-values";
    case ErrorKind::Unwritable: return "unwritable";
    case ErrorKind::NoSpace: return "no-space";
    case ErrorKind::InUse: return "in-use";
    case ErrorKind::Changed: return "changed";
  }
  return "unknown";
}

static ErrorKind kindOf(int errnoValue, std::string_view what) {
  switch (errnoValue) {
    case ENOENT:
    case ENOTDIR: return what.find("write") == what.npos ? ErrorKind::NotFound : ErrorKind::Unwritable;
    case ENOSPC:
    case EDQUOT: return ErrorKind::NoSpace;
    case EWOULDBLOCK:
    case EBUSY: return ErrorKind::InUse;
    default: return what.find("read") == what.npos && what.find("open") == what.npos ? ErrorKind::Unwritable
                                                                                     : ErrorKind::Unreadable;
  }
}

Error systemError(int errnoValue, std::string_view what, const std::filesystem::path& path) {
  return Error(kindOf(errnoValue, what),
               fmt::format("{} {}: {}", what, path.string(), std::generic_category().message(errnoValue)));
}

}  // namespace rankscope
