#include "wire/apis/usage.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>

#include "core/text.h"
#include "wire/json/walk.h"

namespace penstock::wire {
namespace {

// Up to here a double represents every whole number.
constexpr double kCountMax = 9007199254740992.0;

// As the services state them.
struct Counts {
  std::optional<std::uint64_t> prompt;
  std::optional<std::uint64_t> completion;
  std::optional<std::uint64_t> total;
  std::optional<std::uint64_t> cached;
  std::optional<std::uint64_t> reasoning;
  // Of Messages: tokens of the prompt that `input_tokens` does not contain.
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> cache_read;
  std::optional<std::uint64_t> cache_write;
};

// Whether a value that is no count makes the usage worthless, or is passed over.
enum class Weight : bool { kDetail, kMain };

struct Name {
  std::string_view key;
  std::optional<std::uint64_t> Counts::* count;
  Weight weight = Weight::kDetail;
};

constexpr std::array kTop = {
    Name{"prompt_tokens", &Counts::prompt, Weight::kMain},
    Name{"input_tokens", &Counts::input, Weight::kMain},
    Name{"completion_tokens", &Counts::completion, Weight::kMain},
    Name{"output_tokens", &Counts::completion, Weight::kMain},
    Name{"total_tokens", &Counts::total, Weight::kMain},
    Name{"cache_read_input_tokens", &Counts::cache_read},
    Name{"cache_creation_input_tokens", &Counts::cache_write},
};
constexpr std::array kOfPrompt = {Name{"cached_tokens", &Counts::cached}};
constexpr std::array kOfCompletion = {Name{"reasoning_tokens", &Counts::reasoning}};

// The names that count in an object of the usage; none if it is not known.
std::span<const Name> names_in(std::string_view key) {
  if (key == "prompt_tokens_details" || key == "input_tokens_details") return kOfPrompt;
  if (key == "completion_tokens_details" || key == "output_tokens_details") return kOfCompletion;
  return {};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// False if the value is not a count. Services that do not know a count omit it or send null; some
// write every number with a point.
bool take_count(std::string_view value, std::optional<std::uint64_t>& count) {
  if (value == "null") return true;
  // The usual spelling, which needs no floating point.
  constexpr std::size_t kPlainDigits = 15;
  if (value.size() <= kPlainDigits && (value.front() != '0' || value.size() == 1)) {
    count = parse_decimal(value);
    if (count) return true;
  }
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || !is_digit(value.back())) return false;
  if (!(number >= 0 && number <= kCountMax) || number != std::floor(number)) return false;
  count = static_cast<std::uint64_t>(number);
  return true;
}

bool take_object(std::string_view text, std::span<const Name> names, Counts& counts);

bool take_member(JsonWalk& walk, std::span<const Name> names, Counts& counts) {
  const auto member = walk.take_member();
  if (!member || member->value.empty()) return false;
  std::string unescaped;
  std::string_view key = member->key.text;
  if (member->key.escaped) {
    if (!append_json_unescaped(unescaped, key)) return false;
    key = unescaped;
  }
  for (const Name& name : names) {
    if (name.key.size() != key.size() || name.key != key) continue;
    return take_count(member->value, counts.*name.count) || name.weight == Weight::kDetail;
  }
  if (names.size() != kTop.size() || member->value.front() != '{') return true;
  const std::span<const Name> inner = names_in(key);
  return inner.empty() || take_object(member->value, inner, counts);
}

bool take_object(std::string_view text, std::span<const Name> names, Counts& counts) {
  JsonWalk walk(text);
  walk.skip_space();
  if (!walk.take('{')) return false;
  walk.skip_space();
  if (!walk.take('}')) {
    do {
      if (!take_member(walk, names, counts)) return false;
    } while (walk.take(','));
    if (!walk.take('}')) return false;
  }
  walk.skip_space();
  return walk.at_end() && walk.is_utf8();
}

Usage usage_of(const Counts& counts) {
  Usage usage;
  usage.cached_tokens = counts.cached.value_or(counts.cache_read.value_or(0));
  usage.cache_write_tokens = counts.cache_write.value_or(0);
  usage.prompt_tokens = counts.prompt.value_or(counts.input.value_or(0));
  // Services that translate repeat Messages' counts beside OpenAI's, which contain them.
  const bool is_of_messages = !counts.prompt && !counts.cached;
  if (is_of_messages) {
    usage.prompt_tokens += counts.cache_read.value_or(0) + counts.cache_write.value_or(0);
  }
  usage.completion_tokens = counts.completion.value_or(0);
  usage.reasoning_tokens = counts.reasoning.value_or(0);
  const std::uint64_t sum = usage.prompt_tokens + usage.completion_tokens;
  usage.total_tokens = counts.total.value_or(is_of_messages && counts.input ? sum : 0);
  return usage;
}

}  // namespace

std::optional<Usage> read_usage(const UsageTexts& texts) {
  if (texts.inner.empty() && texts.top.empty()) return std::nullopt;
  Counts counts;
  for (const std::string_view text : {texts.inner, texts.top}) {
    if (!text.empty() && !take_object(text, kTop, counts)) return std::nullopt;
  }
  return usage_of(counts);
}

}  // namespace penstock::wire
