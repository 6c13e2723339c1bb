#pragma once

// The limits and timeouts that the configuration sets, by the names that metrics give them.
//
// An Error that comes of a limit names it (core/error.h), and so the place that reports errors is
// the only one that counts them.

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
  kUpstreamConnections,
  kClientHeaderTimeout,
  kClientBodyTimeout,
  kClientBodyRate,
  kClientWriteTimeout,
  kIdleTimeout,
  kDiscardTimeout,
  kConnectTimeout,
  kFirstByteTimeout,
  kBetweenBytesTimeout,
  kBetweenEventsTimeout,
  kModelListTimeout,
  kRequestTimeout,
  kDrain,
};
inline constexpr std::size_t kLimitCount = static_cast<std::size_t>(Limit::kDrain) + 1;

// As /metrics and docs/metrics.md spell it: `body_bytes`.
std::string_view name_of(Limit limit);

}  // namespace penstock
