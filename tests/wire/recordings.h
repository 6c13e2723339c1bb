#pragma once

// The recorded streams as the bytes that a service sends, and as a rewriter must output them.
// Another JSON library makes the expected bytes by setting the model in its own tree.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace penstock::wire::testing {

struct RecordedStream {
  std::string id;
  std::string sent;
  std::string expected;
  std::size_t events = 0;
  nlohmann::ordered_json usage;  // the last one that is an object, or null
};

// Every streamed exchange of recordings/exchanges.jsonl; `model` is the name in `expected`.
std::vector<RecordedStream> recorded_streams(const std::string& model);

}  // namespace penstock::wire::testing
