#pragma once

// A request target in origin-form (RFC 9112 section 3.2.1), split and checked to be canonical.
//
// Routes, access rules and upstreams must not see different paths in one target, so a target that
// another program could read as a different path is refused instead of repaired: one that begins
// with two slashes (a host, to some), that has `.` or `..` as a segment, that holds a backslash, a
// control character or a broken percent-encoding. An encoded spelling counts like the plain one,
// and parameters of a segment (`..;x`) do not hide it.
//
// What is allowed is not decoded: model ids in a path hold slashes and colons, plain or encoded
// (`/v1/models/meta%2Fllama%3A8b`), and only the route knows which slashes are the id's. It decodes
// once (core/text.h). The query is handed on as it came.
//
// An id is data. Where the route says that one begins, an encoded slash or backslash is a character
// of the id and separates nothing, and `.` may be a segment of it; `..` as a whole segment between
// plain slashes stays refused, since programs on the way may take it for a step up.
//
// Costs one pass over the target and no allocation.

#include <cstddef>
#include <string_view>

#include "core/result.h"

namespace penstock::http {

// Views into the target.
struct Target {
  std::string_view path;   // begins with a slash
  std::string_view query;  // what follows the first `?`; empty where there is none
};

// Where an id begins in a path; the path's length where it has none.
using IdBegins = std::size_t (*)(std::string_view path);

// Fails with kInvalidRequest, which leaves the connection usable. `id_begins` is asked about paths
// that are not plain; null: no path has an id.
Result<Target> split_target(std::string_view target, IdBegins id_begins = nullptr);

}  // namespace penstock::http
