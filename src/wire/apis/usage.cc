#include "wire/apis/usage.h"

#include <charconv>
#include <cmath>
#include <string>

#include "core/text.h"
#include "wire/json/walk.h"

namespace penstock::wire {
namespace {

// Up to here a double represents every whole number.
constexpr double kCountMax = 9007199254740992.0;

// Where the count named by `key` goes, or null for a key that is none.
std::uint64_t* place_of(std::string_view key, Usage& usage) {
  if (key == "prompt_tokens") return &usage.prompt_tokens;
  if (key == "completion_tokens") return &usage.completion_tokens;
  if (key == "total_tokens") return &usage.total_tokens;
  return nullptr;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// False if the value is not a count. Services that do not know a count omit it or send null; some
// write every number with a point.
bool take_count(std::string_view value, std::uint64_t& count) {
  if (value == "null") return true;
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !is_digit(value.back())) return false;
  if (!(number >= 0 && number <= kCountMax) || number != std::floor(number)) return false;
  count = static_cast<std::uint64_t>(number);
  return true;
}

bool take_member(JsonWalk& walk, Usage& usage) {
  const auto member = walk.take_member();
  if (!member || member->value.empty()) return false;
  std::string unescaped;
  std::string_view key = member->key.text;
  if (member->key.escaped) {
    if (!append_json_unescaped(unescaped, key)) return false;
    key = unescaped;
  }
  std::uint64_t* const count = place_of(key, usage);
  return count == nullptr || take_count(member->value, *count);
}

}  // namespace

std::optional<Usage> read_usage(std::string_view object) {
  JsonWalk walk(object);
  Usage usage;
  walk.skip_space();
  if (!walk.take('{')) return std::nullopt;
  walk.skip_space();
  if (!walk.take('}')) {
    do {
      if (!take_member(walk, usage)) return std::nullopt;
    } while (walk.take(','));
    if (!walk.take('}')) return std::nullopt;
  }
  walk.skip_space();
  if (!walk.at_end() || !walk.is_utf8()) return std::nullopt;
  return usage;
}

}  // namespace penstock::wire
