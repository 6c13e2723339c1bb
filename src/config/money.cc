#include "config/money.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr int kMicro = 6;
constexpr int kPico = 12;
constexpr std::size_t kDigitsMax = 64;

// What becomes of digits that are too fine.
enum class Finer : bool { kRefused, kRoundedUp };

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// Of `e-05`: -5. Nullopt for what is no exponent, or a larger one than any amount needs.
std::optional<int> parse_exponent(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (!is_digits(text) || text.size() > 3) return std::nullopt;
  const int value = static_cast<int>(*parse_decimal(text));
  return is_negative ? -value : value;
}

// `digits` times 10 to the power of `exponent`, if that is not too large.
std::optional<std::int64_t> scaled(std::string digits, int exponent, Finer finer) {
  while (exponent < 0 && digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return 0;
  const bool is_finer = exponent < 0;
  if (is_finer && finer == Finer::kRefused) return std::nullopt;
  if (is_finer) {
    const auto dropped = std::min(static_cast<std::size_t>(-exponent), digits.size());
    digits.resize(digits.size() - dropped);
    if (digits.empty()) return 1;
    exponent = 0;
  }
  if (digits.size() + static_cast<std::size_t>(exponent) > 18) return std::nullopt;
  digits.append(static_cast<std::size_t>(exponent), '0');
  return static_cast<std::int64_t>(*parse_decimal(digits)) + (is_finer ? 1 : 0);
}

std::optional<std::int64_t> parse_dollars(std::string_view text, int exponent, Finer finer) {
  if (const std::size_t mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    const auto stated = parse_exponent(text.substr(mark + 1));
    if (!stated) return std::nullopt;
    exponent += *stated;
    text = text.substr(0, mark);
  }
  if (text.size() > kDigitsMax) return std::nullopt;
  const std::size_t point = text.find('.');
  std::string digits(text.substr(0, point));
  if (!is_digits(digits)) return std::nullopt;
  if (point != std::string_view::npos) {
    const std::string_view fraction = text.substr(point + 1);
    if (!is_digits(fraction)) return std::nullopt;
    digits += fraction;
    exponent -= static_cast<int>(fraction.size());
  }
  return scaled(std::move(digits), exponent, finer);
}

}  // namespace

std::optional<std::int64_t> parse_money(std::string_view text) {
  const auto amount = parse_dollars(text, kMicro, Finer::kRefused);
  return amount && *amount <= kMoneyMax ? amount : std::nullopt;
}

std::optional<std::int64_t> parse_price(std::string_view text) {
  const auto price = parse_dollars(text, kPico, Finer::kRoundedUp);
  return price && *price <= kPriceMax ? price : std::nullopt;
}

std::string price_text(std::int64_t pico_dollars) {
  return money_text(pico_dollars);
}

std::string money_text(std::int64_t micro_dollars) {
  std::string text =
      fmt::format("{}.{:06}", micro_dollars / kMicroDollars, micro_dollars % kMicroDollars);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace penstock::config
