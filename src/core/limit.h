#pragma once

// The configured limits and timeouts, by the names that metrics use.
//
// An Error that is caused by a limit names it (core/error.h), so that the place that reports errors
// is the only one that counts them.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

enum class Limit : std::uint8_t {
  kHeaderBytes,
  kHeaderFields,
  kBodyBytes,
  kBodyKeys,
  kBodyDepth,
  kModelBytes,
  kAllBodiesBytes,
  kDiscardedBytes,
  kEventBytes,
  kJsonDepth,
  kJsonValues,
  kRegistrationBytes,
  kRegisteredModels,
  kRegisteredBytes,
  kModelIdBytes,
  kMetadataBytes,
  kModelListBytes,
  kModelListEntries,
  kModelListEntryBytes,
  kModelListPages,
  kConnections,
  kCallerLookups,
  kKeyRequests,
  kKeyTokens,
  kKeyConcurrency,
  kBudget,
  kUpstreamConnections,
  kClientHeaderTimeout,
  kClientBodyTimeout,
  kClientBodyRate,
  kClientWriteTimeout,
  kIdleTimeout,
  kDiscardTimeout,
  kConnectTimeout,
  kFirstByteTimeout,
  kFirstTokenTimeout,
  kBetweenBytesTimeout,
  kBetweenEventsTimeout,
  kModelListTimeout,
  kRequestTimeout,
  kDrain,
};
inline constexpr std::size_t kLimitCount = static_cast<std::size_t>(Limit::kDrain) + 1;

// The name in /metrics and docs/metrics.md: `body_bytes`.
std::string_view name_of(Limit limit);

}  // namespace penstock
