#include "wire/apis/usage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string>

#include "core/text.h"
#include "wire/json/walk.h"

namespace penstock::wire {
namespace {

constexpr double kCountMax = 1ULL << 40;

constexpr std::array<std::string_view, kServiceTiers> kTierNames = {"standard", "batch", "flex",
                                                                    "priority", "ultrafast"};

// As the services state them.
struct Counts {
  std::optional<std::uint64_t> prompt;
  std::optional<std::uint64_t> input;
  std::optional<std::uint64_t> completion;
  std::optional<std::uint64_t> output;
  std::optional<std::uint64_t> total;
  // Of the prompt or input, which contains them.
  std::optional<std::uint64_t> cached;
  std::optional<std::uint64_t> cache_written;
  std::optional<std::uint64_t> reasoning;
  // Of Messages, whose `input_tokens` do not contain them.
  std::optional<std::uint64_t> cache_read;
  std::optional<std::uint64_t> cache_creation;
  std::optional<std::uint64_t> cache_creation_5m;  // parts of it
  std::optional<std::uint64_t> cache_creation_1h;
  // Of OpenAI, parts of the prompt and of the completion.
  std::optional<std::uint64_t> prompt_audio;
  std::optional<std::uint64_t> prompt_image;
  std::optional<std::uint64_t> completion_audio;
  std::optional<std::uint64_t> completion_image;
  std::optional<std::uint64_t> searches;
  std::uint64_t seconds = 0;
  ServiceTier tier = ServiceTier::kStandard;
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
    Name{"output_tokens", &Counts::output, Weight::kMain},
    Name{"total_tokens", &Counts::total, Weight::kMain},
    Name{"cache_read_input_tokens", &Counts::cache_read},
    Name{"cache_creation_input_tokens", &Counts::cache_creation},
    Name{"prompt_cache_hit_tokens", &Counts::cached},  // DeepSeek
    Name{"cached_tokens", &Counts::cached},            // Moonshot, Together
    Name{"reasoning_tokens", &Counts::reasoning},      // Perplexity
};
constexpr std::array kOfPrompt = {
    Name{"cached_tokens", &Counts::cached},
    Name{"cache_write_tokens", &Counts::cache_written},
    Name{"audio_tokens", &Counts::prompt_audio},
    Name{"image_tokens", &Counts::prompt_image},
};
constexpr std::array kOfCompletion = {
    Name{"reasoning_tokens", &Counts::reasoning},
    Name{"thinking_tokens", &Counts::reasoning},  // Messages
    Name{"audio_tokens", &Counts::completion_audio},
    Name{"image_tokens", &Counts::completion_image},
};
constexpr std::array kOfCacheCreation = {
    Name{"ephemeral_5m_input_tokens", &Counts::cache_creation_5m},
    Name{"ephemeral_1h_input_tokens", &Counts::cache_creation_1h},
};
constexpr std::array kOfServerTools = {
    Name{"web_search_requests", &Counts::searches},  // Messages
};
// Of the top, which few answers have: they are looked for last.
constexpr std::array kSeldom = {
    Name{"num_search_queries", &Counts::searches},  // Perplexity
    Name{"num_sources_used", &Counts::searches},    // xAI
    Name{"search_units", &Counts::searches},        // rerankers
};

// The names that count in an object of the usage; none if it is not known.
std::span<const Name> names_in(std::string_view key) {
  if (key == "prompt_tokens_details" || key == "input_tokens_details") return kOfPrompt;
  if (key == "input_token_details") return kOfPrompt;  // realtime and audio
  if (key == "completion_tokens_details" || key == "output_tokens_details") return kOfCompletion;
  if (key == "cache_creation") return kOfCacheCreation;
  if (key == "server_tool_use") return kOfServerTools;
  return {};
}

// False if the value is not a count. Services that do not know a count omit it or send null; some
// write every number with a point.
bool take_count(std::string_view value, std::optional<std::uint64_t>& count) {
  if (value == "null") return true;
  // The usual spelling, which needs no floating point.
  constexpr std::size_t kPlainDigits = 12;
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

// Of audio, which may end within a second.
void take_seconds(std::string_view value, std::uint64_t& seconds) {
  double number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec == std::errc() && number >= 0 && number <= kCountMax) {
    seconds = static_cast<std::uint64_t>(std::ceil(number));
  }
}

// A member of the top that is neither a count of tokens nor an object; no value is worthless here.
void take_seldom(std::string_view key, std::string_view value, Counts& counts) {
  if (key == "service_tier" && value.size() >= 2 && value.front() == '"') {
    counts.tier = service_tier_of(value.substr(1, value.size() - 2));
  } else if (key == "seconds") {
    take_seconds(value, counts.seconds);
  } else {
    const auto* const name = std::ranges::find(kSeldom, key, &Name::key);
    if (name != kSeldom.end()) static_cast<void>(take_count(value, counts.*name->count));
  }
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
  if (names.size() != kTop.size()) return true;
  if (member->value.front() != '{') {
    take_seldom(key, member->value, counts);
    return true;
  }
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

using Count = std::optional<std::uint64_t>;

// Services that translate may state a count under both names, one of them as 0.
Count stated(Count first, Count second) {
  return first.value_or(0) == 0 && second ? second : first;
}

// Nullopt: neither is stated.
Count sum(Count a, Count b) {
  if (!a && !b) return std::nullopt;
  return a.value_or(0) + b.value_or(0);
}

void take_parts(const Counts& counts, Usage& usage) {
  usage.cache_write_1h_tokens = counts.cache_creation_1h.value_or(0);
  usage.prompt_audio_tokens = counts.prompt_audio.value_or(0);
  usage.prompt_image_tokens = counts.prompt_image.value_or(0);
  usage.completion_audio_tokens = counts.completion_audio.value_or(0);
  usage.completion_image_tokens = counts.completion_image.value_or(0);
  usage.seconds = counts.seconds;
  usage.searches = counts.searches.value_or(0);
  usage.service_tier = counts.tier;
}

Usage usage_of(const Counts& counts) {
  const Count creation = counts.cache_creation
                             ? counts.cache_creation
                             : sum(counts.cache_creation_5m, counts.cache_creation_1h);
  Usage usage;
  usage.prompt_tokens = stated(counts.prompt, counts.input);
  usage.completion_tokens = stated(counts.completion, counts.output);
  usage.total_tokens = counts.total;
  usage.cached_tokens = counts.cached ? counts.cached : counts.cache_read;
  usage.cache_write_tokens = counts.cache_written ? counts.cache_written : creation;
  usage.reasoning_tokens = counts.reasoning;
  take_parts(counts, usage);

  // Services that translate repeat Messages' counts beside OpenAI's, which contain them.
  const bool is_of_messages = counts.prompt.value_or(0) == 0 && counts.input && !counts.cached;
  if (is_of_messages) {
    *usage.prompt_tokens += sum(counts.cache_read, creation).value_or(0);
  } else if (usage.prompt_tokens) {
    const Count apart = sum(usage.cached_tokens, usage.cache_write_tokens);
    if (apart > usage.prompt_tokens) *usage.prompt_tokens += *apart;
  }

  const Count both = sum(usage.prompt_tokens, usage.completion_tokens);
  if (both && counts.reasoning && counts.total == *both + *counts.reasoning) {
    usage.completion_tokens = sum(usage.completion_tokens, counts.reasoning);
  }
  if (!both) usage.prompt_tokens = counts.total;
  if (!counts.total && usage.prompt_tokens && usage.completion_tokens) usage.total_tokens = both;
  return usage;
}

}  // namespace

ServiceTier service_tier_of(std::string_view word) {
  const auto* const found = std::ranges::find(kTierNames, word);
  if (found == kTierNames.end()) return ServiceTier::kStandard;
  return static_cast<ServiceTier>(found - kTierNames.begin());
}

std::string_view name_of(ServiceTier tier) {
  return kTierNames[static_cast<std::size_t>(tier)];
}

std::optional<Usage> read_usage(const UsageTexts& texts) {
  if (texts.inner.empty() && texts.top.empty()) return std::nullopt;
  Counts counts;
  for (const std::string_view text : {texts.inner, texts.top}) {
    if (!text.empty() && !take_object(text, kTop, counts)) return std::nullopt;
  }
  if (texts.service_tier != ServiceTier::kStandard) counts.tier = texts.service_tier;
  return usage_of(counts);
}

}  // namespace penstock::wire
