#include "config/described_values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace penstock::config {

std::string seconds(milliseconds value) {
  if (value.count() % 1000 == 0) return fmt::format("{}", value.count() / 1000);
  return fmt::format("{}ms", value.count());
}

std::string_view boolean(bool value) {
  return value ? "true" : "false";
}

std::string decimal(double value) {
  std::array<char, 512> digits;
  const auto [end, error] =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed);
  return error == std::errc() ? std::string(digits.data(), end) : "0";
}

void write_number(DescriptionWriter& out, std::string_view key, std::size_t value) {
  out.literal(key, fmt::format("{}", value));
}

void write_time(DescriptionWriter& out, std::string_view key, milliseconds value) {
  out.literal(key, seconds(value));
}

void write_texts(DescriptionWriter& out, std::string_view key,
                 const std::vector<std::string>& items) {
  if (items.empty()) return out.literal(key, "[]");
  out.open(key);
  for (const std::string& item : items) out.text_item(item);
  out.close();
}

}  // namespace penstock::config
