#pragma once

// A request target in origin-form (RFC 9112 section 3.2.1), split and checked to be canonical.
//
// Routes, access rules and upstreams must not see different paths in one target, so a target that
// another program could read as a different path is refused instead of repaired: one that begins
// with two slashes (a host, to some), has `.` or `..` as a segment, or contains a backslash, a
// control character or a broken percent-encoding. Encoded spellings count like plain ones, and
// parameters of a segment (`..;x`) do not hide it.
//
// Accepted targets are not decoded: model ids in a path contain slashes and colons, plain or
// encoded (`/v1/models/meta%2Fllama%3A8b`), and only the route knows which slashes are the id's. It
// decodes once (core/text.h). The query is passed on unchanged.
//
// An id is data. Where the route says that an id begins, an encoded slash or backslash is a
// character of the id and separates nothing, and `.` may be a segment of it; `..` as a whole
// segment between plain slashes is still refused, since other programs may take it for a parent
// directory.
//
// Costs one pass over the target and no allocation.

#include <cstddef>
#include <string_view>

#include "core/result.h"

namespace penstock::http {

// Views into the target.
struct Target {
  std::string_view path;   // begins with a slash
  std::string_view query;  // what follows the first `?`; empty if there is none
};

// What the routes say about paths.
class PathRules {
 public:
  virtual ~PathRules() = default;
  // The offset of an id at the end of a path; the path's length if it has none. Asked only for
  // paths that are not plain.
  virtual std::size_t id_begins(std::string_view path) const = 0;
};

// Fails with kInvalidRequest, which leaves the connection usable. `rules` null: no path has an id.
Result<Target> split_target(std::string_view target, const PathRules* rules = nullptr);

}  // namespace penstock::http
