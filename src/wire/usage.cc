#include "wire/usage.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace penstock::wire {
namespace {

using Json = nlohmann::json;

// Up to here a double holds every whole number.
constexpr double kCountMax = 9007199254740992.0;

// Takes `name` from `object` into `count`; false where it is there and no count. Services that do
// not know a count leave it out or say null.
bool take_count(const Json& object, const char* name, std::uint64_t& count) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return true;
  if (!found->is_number()) return false;
  const double value = found->get<double>();
  if (!(value >= 0 && value <= kCountMax) || value != std::floor(value)) return false;
  count = static_cast<std::uint64_t>(value);
  return true;
}

}  // namespace

std::optional<Usage> parse_usage(std::string_view object) {
  const Json json = Json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  Usage usage;
  if (!take_count(json, "prompt_tokens", usage.prompt_tokens) ||
      !take_count(json, "completion_tokens", usage.completion_tokens) ||
      !take_count(json, "total_tokens", usage.total_tokens)) {
    return std::nullopt;
  }
  return usage;
}

}  // namespace penstock::wire
