#include "wire/usage.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <simdjson.h>

namespace penstock::wire {
namespace {

namespace ondemand = simdjson::ondemand;

// Up to here a double holds every whole number.
constexpr double kCountMax = 9007199254740992.0;

// Where the count named by `key` goes, or null for a key that is none.
std::uint64_t* place_of(std::string_view key, Usage& usage) {
  if (key == "prompt_tokens") return &usage.prompt_tokens;
  if (key == "completion_tokens") return &usage.completion_tokens;
  if (key == "total_tokens") return &usage.total_tokens;
  return nullptr;
}

// False where the value is no count. Services that do not know a count leave it out or say null.
bool take_count(ondemand::value value, std::uint64_t& count) {
  if (value.is_null()) return true;
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS) return false;
  if (!(number >= 0 && number <= kCountMax) || number != std::floor(number)) return false;
  count = static_cast<std::uint64_t>(number);
  return true;
}

bool take_counts(ondemand::document& document, Usage& usage) {
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto member : object) {
    ondemand::field field;
    if (std::move(member).get(field) != simdjson::SUCCESS) return false;
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    std::uint64_t* const count = place_of(key, usage);
    if (count != nullptr && !take_count(field.value(), *count)) return false;
  }
  // At the end of the tokens simdjson has no location to give.
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace

struct UsageReader::Working {
  ondemand::parser parser;
  // simdjson reads ahead of the text's end.
  std::array<char, kBytesMax + simdjson::SIMDJSON_PADDING> text;
};

UsageReader::UsageReader() : working_(std::make_unique<Working>()) {}
UsageReader::~UsageReader() = default;
UsageReader::UsageReader(UsageReader&&) noexcept = default;

std::optional<Usage> UsageReader::read(std::string_view object) {
  if (object.empty() || object.size() > kBytesMax) return std::nullopt;
  std::ranges::copy(object, working_->text.begin());
  ondemand::document document;
  if (working_->parser.iterate(working_->text.data(), object.size(), working_->text.size())
          .get(document) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  Usage usage;
  if (!take_counts(document, usage)) return std::nullopt;
  return usage;
}

}  // namespace penstock::wire
