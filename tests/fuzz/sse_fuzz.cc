// The stream rewriter: cuts do not matter; without a name all passes; with one, and without the
// letters of a model key in the input, all passes too. The first three bytes of the input choose
// cuts and limit.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/sse_rewriter.h"

namespace {

using penstock::wire::DoneEvent;
using penstock::wire::SseRewriter;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::string out;
  bool ok = true;
  bool done = false;
  bool boundary = false;
  std::size_t events = 0;
  std::string usage;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Options {
  std::string_view model;
  DoneEvent done;
  std::size_t event_bytes_max;
};

// Pieces of sizes that `seed` chooses; 0: one piece.
Outcome rewrite(std::string_view text, const Options& options, std::uint32_t seed) {
  SseRewriter rewriter(options.model, options.done, options.event_bytes_max);
  Outcome outcome;
  while (!text.empty() && outcome.ok) {
    seed = seed == 0 ? 0 : seed * 1664525U + 1013904223U;
    const std::size_t size = seed == 0 ? text.size() : 1 + (seed >> 16) % 97;
    outcome.ok = rewriter.feed(text.substr(0, size), outcome.out).has_value();
    text.remove_prefix(std::min(size, text.size()));
  }
  if (outcome.ok) rewriter.finish(outcome.out);
  outcome.done = rewriter.saw_done();
  outcome.boundary = rewriter.at_event_boundary();
  outcome.events = rewriter.events();
  outcome.usage = rewriter.json().usage();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::uint32_t seed = data[0] + 256U * data[1] + 1;
  const std::size_t limit = data[2] < 128 ? size + 1 : data[2] - 127U;
  const std::string_view text(reinterpret_cast<const char*>(data) + 3, size - 3);

  for (DoneEvent done : {DoneEvent::kPass, DoneEvent::kStrip}) {
    const Options options{"new/name", done, limit};
    require(rewrite(text, options, 0) == rewrite(text, options, seed));
  }
  const Outcome passed = rewrite(text, {"", DoneEvent::kPass, limit}, seed);
  require(passed.ok ? passed.out == text : text.starts_with(passed.out));
  // A key that is `model` has its letters, or escapes of them, and quotes around a value.
  if (text.find_first_of("m\\") == std::string_view::npos) {
    require(rewrite(text, {"new/name", DoneEvent::kPass, limit}, seed) == passed);
  }
  const Outcome stripped = rewrite(text, {"", DoneEvent::kStrip, limit}, seed);
  require(stripped.events == passed.events && stripped.done == passed.done);
  if (!stripped.done) require(stripped.out == passed.out || !passed.ok);
  return 0;
}
