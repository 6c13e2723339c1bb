#pragma once

// Dialect: whose shapes a route's errors have.

#include <cstdint>

namespace penstock::sim {

enum class Dialect : std::uint8_t {
  kOpenAi,     // {"error":{"message","type","param","code"}}
  kResponses,  // the same; within a stream an event of the type `error`
  kAnthropic,  // {"type":"error","error":{"type","message"},"request_id"}
  kCohere,     // {"message"}
};

}  // namespace penstock::sim
