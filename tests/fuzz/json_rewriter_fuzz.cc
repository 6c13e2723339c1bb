// The JSON rewriter: cuts do not matter, nothing is lost, and a text that another JSON library can
// read comes out with nothing changed but the model. The first two bytes of the input choose cuts.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "wire/json_rewriter.h"

namespace {

using penstock::wire::JsonRewriter;
using Json = nlohmann::ordered_json;

constexpr std::string_view kName = "new/\"name";

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string out;
  std::string usage;
  bool complete = false;
  bool error = false;
  bool finish_reason = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Pieces of sizes that `seed` chooses; 0: one piece.
Outcome rewrite(std::string_view text, std::string_view model, std::uint32_t seed) {
  JsonRewriter rewriter(model);
  Outcome outcome;
  while (!text.empty()) {
    seed = seed == 0 ? 0 : seed * 1664525U + 1013904223U;
    const std::size_t size = seed == 0 ? text.size() : 1 + (seed >> 16) % 97;
    rewriter.feed(text.substr(0, size), outcome.out);
    text.remove_prefix(std::min(size, text.size()));
  }
  outcome.complete = rewriter.complete();
  rewriter.finish(outcome.out);
  outcome.usage = rewriter.usage();
  outcome.error = rewriter.saw_error();
  outcome.finish_reason = rewriter.saw_finish_reason();
  return outcome;
}

bool has_finish_reason(const Json& json) {
  if (json.is_object() && json.contains("finish_reason") && !json["finish_reason"].is_null()) {
    return true;
  }
  if (!json.is_structured()) return false;
  for (const Json& inner : json) {
    if (has_finish_reason(inner)) return true;
  }
  return false;
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
  if (json.contains("error") && !json["error"].is_null()) require(whole.error);
  if (has_finish_reason(json)) require(whole.finish_reason);
  return 0;
}
