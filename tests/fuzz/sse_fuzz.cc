// The stream rewriter: cuts do not matter; without a name everything passes; with one, everything
// passes too if the input lacks the letters of a model key. The first three bytes of the input
// choose cuts and limit.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.h"
#include "wire/apis/api.h"
#include "wire/bodies/sse_rewriter.h"

namespace {

using penstock::fuzz::require;
using penstock::wire::Api;
using penstock::wire::DoneEvent;
using penstock::wire::SseRewriter;

struct Outcome {
  std::string out;
  bool done = false;
  bool error = false;
  bool ended = false;
  bool broke_off = false;
  bool inside_event = false;
  bool over = false;
  std::uint64_t progress = 0;
  std::uint64_t next_sequence = 0;
  std::string usage;
  std::string inner_usage;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Options {
  std::string_view model;
  DoneEvent done;
  std::size_t held_bytes_max;
  Api api = Api::kCompletions;
};

// In pieces of sizes that `seed` chooses; 0: one piece. Held bytes may be removed; released bytes
// must not change.
Outcome rewrite(std::string_view text, const Options& options, std::uint32_t seed) {
  SseRewriter rewriter(options.model, penstock::wire::traits_of(options.api).events, options.done,
                       options.held_bytes_max);
  Outcome outcome;
  std::string unsent;
  while (!text.empty()) {
    seed = seed == 0 ? 0 : seed * 1664525U + 1013904223U;
    const std::size_t size = seed == 0 ? text.size() : 1 + (seed >> 16) % 97;
    rewriter.feed(text.substr(0, size), unsent);
    require(rewriter.held() <= unsent.size() && rewriter.held() <= options.held_bytes_max);
    outcome.out.append(unsent, 0, unsent.size() - rewriter.held());
    unsent.erase(0, unsent.size() - rewriter.held());
    text.remove_prefix(std::min(size, text.size()));
  }
  outcome.inside_event = rewriter.inside_event();
  rewriter.finish(unsent);
  outcome.out.append(unsent);
  outcome.done = rewriter.end().marked();
  outcome.error = rewriter.end().saw_error();
  outcome.ended = rewriter.end().parts_have_ended();
  outcome.broke_off = rewriter.broke_off();
  outcome.progress = rewriter.end().progress();
  outcome.over = rewriter.end().is_over();
  outcome.next_sequence = rewriter.end().next_sequence();
  outcome.usage = rewriter.usage().top;
  outcome.inner_usage = rewriter.usage().inner;
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::uint32_t seed = data[0] + 256U * data[1] + 1;
  const std::size_t limit = data[2] < 128 ? size + 1 : data[2] - 127U;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

  for (DoneEvent done : {DoneEvent::kPass, DoneEvent::kStrip}) {
    const Options options{"new/name", done, 4 * size + 64};
    require(rewrite(text, options, 0) == rewrite(text, options, seed));
  }
  for (const Api api : {Api::kResponses, Api::kMessages, Api::kImages, Api::kAudio, Api::kOther}) {
    const Options options{"new/name", DoneEvent::kPass, 4 * size + 64, api};
    require(rewrite(text, options, 0) == rewrite(text, options, seed));
  }
  rewrite(text, {"new/name", DoneEvent::kStrip, limit}, seed);
  const Outcome passed = rewrite(text, {"", DoneEvent::kPass, limit}, seed);
  // Everything passes except an incomplete event, and a mark that cannot be true.
  if (text.find('[') == std::string_view::npos) require(text.starts_with(passed.out));
  // A `model` key has its letters, or escapes of them, and quotes around a value.
  if (text.find_first_of("m\\") == std::string_view::npos) {
    require(rewrite(text, {"new/name", DoneEvent::kPass, limit}, seed) == passed);
  }
  const Outcome stripped = rewrite(text, {"", DoneEvent::kStrip, limit}, seed);
  require(stripped.ended == passed.ended && stripped.error == passed.error);
  require(stripped.done == passed.done);
  return 0;
}
