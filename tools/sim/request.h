#pragma once

// Request: what the simulator needs of a request's JSON body.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace penstock::sim {

enum class Endpoint : std::uint8_t { kChat, kCompletion, kEmbedding };

// One text (or list of token ids) of the request: what the answer depends on.
struct Input {
  std::uint64_t hash = 0;
  std::size_t tokens = 0;  // an estimate: a token for every four bytes
};

struct Request {
  std::string model;
  bool stream = false;
  bool include_usage = false;               // stream_options.include_usage
  Input input;                              // `messages` or `prompt` as a whole
  std::vector<Input> inputs;                // of an embedding: each text
  std::optional<std::uint64_t> max_tokens;  // max_completion_tokens, or max_tokens
  std::optional<std::uint64_t> dimensions;
  bool base64 = false;  // encoding_format
  std::string tool;     // the function that tool_choice demands; empty: none
  std::string sim;      // the object of overrides as JSON; empty: none
};

// Reads bodies for one thread. Bodies are scanned twice, first by the gateway's own check, so that
// both agree on what a valid body is; no tree is built.
class RequestDecoder {
 public:
  // Bytes that must be readable (not initialised) after the body: simdjson reads ahead.
  static constexpr std::size_t kPadding = 64;

  RequestDecoder();
  ~RequestDecoder();
  RequestDecoder(const RequestDecoder&) = delete;
  RequestDecoder& operator=(const RequestDecoder&) = delete;

  // `body` is followed by kPadding readable bytes. Fails with kInvalidRequest.
  Result<Request> decode(Endpoint endpoint, std::string_view body);

 private:
  struct Working;
  std::unique_ptr<Working> working_;
};

// Eight bytes at a time; for spreading, not for secrets.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed);

}  // namespace penstock::sim
