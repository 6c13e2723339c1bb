#include "http/target.h"

#include <algorithm>
#include <optional>

#include "http/characters.h"

namespace penstock::http {
namespace {

// Takes one byte from the front of `path`, decoded; nothing for a broken percent-encoding.
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

// Follows one segment: whether all of its name, which a `;` ends, has been dots.
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
  bool found() const { return only_dots_ && (name_bytes_ == 1 || name_bytes_ == 2); }
  bool empty() const { return name_bytes_ == 0; }

 private:
  bool in_name_ = true;
  bool only_dots_ = true;
  std::size_t name_bytes_ = 0;
};

// What can neither be part of a dot segment nor of anything that is refused.
bool is_plain(char c) {
  return is_in(kHostCharacter, c) && c != '.';
}

// Whether the path is made of plain segments, as those of all routes are. It need not be looked at
// any closer then.
bool is_plain_path(std::string_view path) {
  return path.size() > 1 && path[0] == '/' && is_plain(path[1]) &&
         std::ranges::all_of(path, [](char c) { return c == '/' || is_plain(c); });
}

// nullptr for a path that has one reading only. An encoded slash separates segments like a plain
// one, so that no dot segment appears when a route decodes it.
const char* find_fault(std::string_view path) {
  if (is_plain_path(path)) return nullptr;
  if (!path.starts_with('/')) return "the request target is not a path";
  path.remove_prefix(1);
  DotSegment segment;
  bool first_segment = true;
  while (!path.empty()) {
    const std::optional<unsigned char> byte = take_byte(path);
    if (!byte) return "the path holds a broken percent-encoding";
    if (*byte < 0x20 || *byte == 0x7F) return "the path holds a control character";
    if (*byte == '\\') return "the path holds a backslash";
    if (*byte != '/') {
      segment.add(*byte);
      continue;
    }
    if (first_segment && segment.empty()) return "the path begins with two slashes";
    if (segment.found()) return "the path holds a dot segment";
    first_segment = false;
    segment = {};
  }
  return segment.found() ? "the path holds a dot segment" : nullptr;
}

}  // namespace

Result<Target> split_target(std::string_view target) {
  const std::size_t mark = target.find('?');
  Target split{target.substr(0, mark), {}};
  if (mark != std::string_view::npos) split.query = target.substr(mark + 1);
  if (const char* const fault = find_fault(split.path); fault != nullptr) {
    return failure(Error::client(ErrorKind::kInvalidRequest, fault));
  }
  return split;
}

}  // namespace penstock::http
