#include "sim/json_text.h"

#include <array>
#include <charconv>
#include <string_view>

namespace penstock::sim {

void append_count(std::string& out, std::uint64_t count) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), count).ptr;
  out.append(digits.data(), end);
}

void append_hex(std::string& out, std::uint64_t id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[(id >> shift) & 15]);
}

std::string hex(std::uint64_t id) {
  std::string text;
  append_hex(text, id);
  return text;
}

}  // namespace penstock::sim
