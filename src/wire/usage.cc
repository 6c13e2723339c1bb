#include "wire/usage.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <simdjson.h>

namespace penstock::wire {
namespace {

namespace dom = simdjson::dom;

// Up to here a double holds every whole number.
constexpr double kCountMax = 9007199254740992.0;

// Takes `name` from `object` into `count`; false where it is there and no count. Services that do
// not know a count leave it out or say null.
bool take_count(dom::object object, std::string_view name, std::uint64_t& count) {
  dom::element found;
  if (object.at_key(name).get(found) != simdjson::SUCCESS || found.is_null()) return true;
  double value = 0;
  if (found.get_double().get(value) != simdjson::SUCCESS) return false;
  if (!(value >= 0 && value <= kCountMax) || value != std::floor(value)) return false;
  count = static_cast<std::uint64_t>(value);
  return true;
}

}  // namespace

struct UsageReader::Working {
  dom::parser parser;
  // simdjson reads ahead of the text's end.
  std::array<char, kBytesMax + simdjson::SIMDJSON_PADDING> text;
};

UsageReader::UsageReader() : working_(std::make_unique<Working>()) {}
UsageReader::~UsageReader() = default;
UsageReader::UsageReader(UsageReader&&) noexcept = default;

std::optional<Usage> UsageReader::read(std::string_view object) {
  if (object.empty() || object.size() > kBytesMax) return std::nullopt;
  std::ranges::copy(object, working_->text.begin());
  dom::element root;
  constexpr bool kCopyFirst = false;
  if (working_->parser.parse(working_->text.data(), object.size(), kCopyFirst).get(root) !=
      simdjson::SUCCESS) {
    return std::nullopt;
  }
  dom::object counts;
  if (root.get_object().get(counts) != simdjson::SUCCESS) return std::nullopt;
  Usage usage;
  if (!take_count(counts, "prompt_tokens", usage.prompt_tokens) ||
      !take_count(counts, "completion_tokens", usage.completion_tokens) ||
      !take_count(counts, "total_tokens", usage.total_tokens)) {
    return std::nullopt;
  }
  return usage;
}

}  // namespace penstock::wire
