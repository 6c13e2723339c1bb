// The JSON rewriter: cuts do not matter, nothing is lost, and in a text that another JSON library
// can read nothing changes but the model. The first two bytes of the input choose cuts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "require.h"
#include "wire/bodies/json_rewriter.h"

namespace {

using penstock::wire::JsonRewriter;
using penstock::wire::StreamEnd;
using Json = nlohmann::ordered_json;
using penstock::fuzz::require;

constexpr std::string_view kName = "new/\"name";

struct Outcome {
  std::string out;
  std::string usage;
  bool complete = false;
  bool error = false;
  bool ended = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// In pieces of sizes that `seed` chooses; 0: one piece.
Outcome rewrite(std::string_view text, std::string_view model, std::uint32_t seed) {
  StreamEnd end(penstock::wire::kCompletionEvents);
  JsonRewriter rewriter(model, end);
  Outcome outcome;
  while (!text.empty()) {
    seed = seed == 0 ? 0 : seed * 1664525U + 1013904223U;
    const std::size_t size = seed == 0 ? text.size() : 1 + (seed >> 16) % 97;
    rewriter.feed(text.substr(0, size), outcome.out);
    text.remove_prefix(std::min(size, text.size()));
  }
  outcome.complete = rewriter.complete();
  rewriter.finish(outcome.out);
  outcome.usage = rewriter.usage().top;
  end.end_event(outcome.complete ? StreamEnd::Event::kComplete : StreamEnd::Event::kBroken);
  outcome.error = end.saw_error();
  outcome.ended = end.parts_have_ended();
  return outcome;
}

// A string that is more than spaces and control characters.
bool is_text(const Json& json) {
  return json.is_string() && std::ranges::any_of(json.get_ref<const std::string&>(), [](char c) {
           return static_cast<unsigned char>(c) > ' ';
         });
}

bool has_error(const Json& json) {
  const auto is_word = [&](const char* key) { return json.contains(key) && json[key] == "error"; };
  const Json error = json.value("error", Json());
  return is_text(error) || (error.is_object() && !error.empty()) || is_word("object") ||
         is_word("type");
}

// Whether an event's only choice has ended.
bool has_ended(const Json& json) {
  const Json reason = json["choices"][0].value("finish_reason", Json());
  return is_text(reason) && reason != "null" && reason != "None";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t seed = data[0] + 256U * data[1] + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);

  const Outcome whole = rewrite(text, kName, 0);
  require(whole == rewrite(text, kName, seed));
  const Outcome looked_at = rewrite(text, "", seed);
  require(looked_at.out == text && looked_at.usage == whole.usage);

  // The other library takes a zero byte for the end of its text.
  if (text.find('\0') != std::string_view::npos) return 0;
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return 0;
  require(whole.complete);
  if (size > 4000) return 0;  // beyond the largest model and usage
  Json expected = json;
  if (json.contains("model") && json["model"].is_string()) expected["model"] = kName;
  require(Json::parse(whole.out, nullptr, false) == expected);
  if (json.contains("usage") && json["usage"].is_object()) {
    require(Json::parse(whole.usage, nullptr, false) == json["usage"]);
  }
  // In the other library's tree a key occurs once.
  if (Json::parse(whole.out, nullptr, false).dump().size() + 2 < size) return 0;
  if (text.find("\\u") != std::string_view::npos) return 0;
  require(whole.error == has_error(json));
  const auto choices = json.find("choices");
  if (choices != json.end() && choices->is_array() && choices->size() == 1 &&
      choices->front().is_object()) {
    require(whole.ended == has_ended(json));
  }
  return 0;
}
