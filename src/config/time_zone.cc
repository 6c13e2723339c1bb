#include "config/time_zone.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::string_view kFolder = "/usr/share/zoneinfo/";
constexpr std::string_view kMagic = "TZif";  // RFC 8536 section 3.1
constexpr std::size_t kNameBytesMax = 64;

// Parts of letters, digits and `_+-`, with slashes between them: no dot, so no way up.
bool is_well_formed(std::string_view name) {
  const auto is_usual = [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view("_+-/").contains(c);
  };
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, is_usual) &&
         !name.starts_with('/') && !name.ends_with('/') && !name.contains("//");
}

}  // namespace

bool is_time_zone(std::string_view name) {
  if (name == kUtc) return true;
  if (!is_well_formed(name)) return false;
  std::ifstream file(std::string(kFolder).append(name), std::ios::binary);
  std::array<char, kMagic.size()> start{};
  file.read(start.data(), start.size());
  return file.good() && std::string_view(start.data(), start.size()) == kMagic;
}

}  // namespace penstock::config
