#include "config/key_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::size_t kShownKeyBytesMax = 64;

bool is_plain(char c) {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("_-/:<>").find(c) != std::string_view::npos;
}

}  // namespace

std::string shown_key(std::string_view key) {
  const std::string_view start = key.substr(0, kShownKeyBytesMax);
  std::string shown = !start.empty() && std::all_of(start.begin(), start.end(), is_plain)
                          ? std::string(start)
                          : json_quoted(start);
  if (start.size() < key.size()) shown += "…";
  return shown;
}

std::string joined_path(std::string_view parent, std::string_view key) {
  return parent.empty() ? shown_key(key) : fmt::format("{}.{}", parent, shown_key(key));
}

std::string path_prefix(std::string_view path) {
  return path.empty() ? std::string() : fmt::format("{}: ", path);
}

std::string_view nearest_key(std::string_view unknown, const std::vector<std::string_view>& known) {
  return nearest(unknown.substr(0, kShownKeyBytesMax), known);
}

std::string suggestion(std::string_view unknown, const std::vector<std::string_view>& known) {
  const std::string_view near = nearest_key(unknown, known);
  if (!near.empty()) return fmt::format("did you mean `{}`?", near);
  if (known.empty()) return "there are none";
  return fmt::format("the known ones are {}", fmt::join(known, ", "));
}

}  // namespace penstock::config
