// The reader of usage objects against a second JSON library: it takes the objects whose counts are
// counts and no others, finds what they state, and gives the same for an object that is stated
// twice.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "require.h"
#include "wire/apis/usage.h"

namespace {

using penstock::fuzz::require;
using penstock::wire::read_usage;
using penstock::wire::Usage;
using Json = nlohmann::json;

constexpr double kCountMax = 1ULL << 40;

std::optional<std::uint64_t> count_in(const Json& usage, const char* key) {
  const auto found = usage.find(key);
  if (found == usage.end() || !found->is_number()) return {};
  const double number = found->get<double>();
  if (!(number >= 0 && number <= kCountMax) || number != std::floor(number)) return {};
  return static_cast<std::uint64_t>(number);
}

// As the other library reads it; nullopt if it cannot, or if a key occurs twice.
std::optional<Json> object_of(std::string_view text) {
  std::set<std::pair<int, std::string>> keys;
  bool is_sound = !text.contains('\0') && !text.starts_with("\xEF\xBB\xBF");
  const Json::parser_callback_t note_key = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > 100) is_sound = false;
    if (event != Json::parse_event_t::key) return true;
    is_sound = keys.emplace(depth, value.get<std::string>()).second && is_sound;
    return true;
  };
  Json json = Json::parse(text, note_key, false);
  if (!is_sound || json.is_discarded() || !json.is_object()) return {};
  return json;
}

void compare(const std::optional<Usage>& read, const Json& usage) {
  bool is_sound = true;
  for (const char* key :
       {"prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens"}) {
    const auto found = usage.find(key);
    if (found != usage.end() && !found->is_null() && !count_in(usage, key)) is_sound = false;
  }
  require(read.has_value() == is_sound);
  if (!read) return;
  const auto prompt = count_in(usage, "prompt_tokens");
  // A prompt that is smaller than what of it was cached does not contain that.
  const auto cached = read->cached_tokens.value_or(0) + read->cache_write_tokens.value_or(0);
  if (prompt && *prompt > 0) {
    require(*read->prompt_tokens == (cached > *prompt ? *prompt + cached : *prompt));
  }
  const auto input = count_in(usage, "input_tokens");
  if (prompt.value_or(0) == 0 && input) require(*read->prompt_tokens >= *input);
  for (const char* key : {"completion_tokens", "output_tokens"}) {
    const auto completion = count_in(usage, key);
    if (completion) require(read->completion_tokens.has_value());
  }
  const auto total = count_in(usage, "total_tokens");
  if (total) require(read->total_tokens == total);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Memory that ends with the text, so that the sanitizers detect a step too far.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::optional<Usage> read = read_usage({.inner = {}, .top = text});
  require(read == read_usage({.inner = text, .top = {}}));
  require(read == read_usage({.inner = text, .top = text}));
  if (read) require(read == read_usage({.inner = "{}", .top = text}));
  if (const auto usage = object_of(text)) compare(read, *usage);
  return 0;
}
