#include "http/target.h"

#include <algorithm>
#include <optional>

#include "core/text.h"
#include "http/characters.h"

namespace penstock::http {
namespace {

// Takes one byte from the front of `path`, decoded; nullopt for a broken percent-encoding.
std::optional<unsigned char> take_byte(std::string_view& path) {
  const char first = path.front();
  if (first != '%') {
    path.remove_prefix(1);
    return static_cast<unsigned char>(first);
  }
  if (path.size() < 3) return std::nullopt;
  const int high = hex_value(path[1]);
  const int low = hex_value(path[2]);
  if (high < 0 || low < 0) return std::nullopt;
  path.remove_prefix(3);
  return static_cast<unsigned char>(high * 16 + low);
}

// Tracks one segment: whether all of its name, which a `;` ends, is dots so far.
class DotSegment {
 public:
  void add(unsigned char byte) {
    if (byte == ';') {
      in_name_ = false;
    } else if (in_name_) {
      only_dots_ = only_dots_ && byte == '.';
      ++name_bytes_;
    }
  }
  // In an id, only `..` counts.
  bool found(bool in_id) const {
    return only_dots_ && (name_bytes_ == 2 || (name_bytes_ == 1 && !in_id));
  }
  bool empty() const { return name_bytes_ == 0; }

 private:
  bool in_name_ = true;
  bool only_dots_ = true;
  std::size_t name_bytes_ = 0;
};

// A character that is part of no dot segment and of nothing else that is refused.
bool is_plain(char c) {
  return is_in(kHostCharacter, c) && c != '.';
}

// Whether the path consists of plain segments, as those of all routes do. It then needs no closer
// check.
bool is_plain_path(std::string_view path) {
  return path.size() > 1 && path[0] == '/' && is_plain(path[1]) &&
         std::ranges::all_of(path, [](char c) { return c == '/' || is_plain(c); });
}

// nullptr for a path that can be read in only one way. An encoded slash separates segments like a
// plain one, so that no dot segment appears when a route decodes it; but not from `id_at` on.
const char* find_fault(std::string_view path, std::size_t id_at) {
  if (!path.starts_with('/')) return "the request target is not a path";
  const std::size_t path_bytes = path.size();
  path.remove_prefix(1);
  DotSegment segment;
  bool first_segment = true;
  while (!path.empty()) {
    const bool in_id = path_bytes - path.size() >= id_at;
    const bool is_encoded = path.front() == '%';
    const std::optional<unsigned char> byte = take_byte(path);
    if (!byte) return "the path has a malformed percent-encoding";
    if (*byte < 0x20 || *byte == 0x7F) return "the path contains a control character";
    const bool is_data = in_id && is_encoded;
    if (*byte == '\\' && !is_data) return "the path contains a backslash";
    if (*byte != '/' || is_data) {
      segment.add(*byte);
      continue;
    }
    if (first_segment && segment.empty()) return "the path begins with two slashes";
    if (segment.found(in_id)) return "the path contains a dot segment";
    first_segment = false;
    segment = {};
  }
  return segment.found(id_at < path_bytes) ? "the path contains a dot segment" : nullptr;
}

}  // namespace

Result<Target> split_target(std::string_view target, const PathRules* rules) {
  const std::size_t mark = target.find('?');
  Target split{target.substr(0, mark), {}};
  if (mark != std::string_view::npos) split.query = target.substr(mark + 1);
  if (is_plain_path(split.path)) return split;
  const std::size_t id_at = rules != nullptr ? rules->id_begins(split.path) : split.path.size();
  if (const char* const fault = find_fault(split.path, id_at); fault != nullptr) {
    return failure(Error::client(ErrorKind::kInvalidRequest, fault));
  }
  return split;
}

}  // namespace penstock::http
