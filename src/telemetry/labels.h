#pragma once

// The label values that metrics and the access log share, all of them bounded.
//
// Routes are a list that is given once at startup (telemetry/metrics.h); their ids are positions in
// it. Providers and model routes come and go with configurations: Metrics::serve() numbers them,
// and a number means the same until the process ends. Limits (core/limit.h) and endings are
// enumerations; their names are those in /metrics, the access log and docs/metrics.md.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/limit.h"

namespace penstock::telemetry {

// A position in MetricsOptions::routes.
enum class RouteId : std::uint16_t {};

// Given by Metrics::serve(). 0 is "none".
enum class ProviderId : std::uint16_t {};
inline constexpr ProviderId kNoProvider{0};

// A position in RoutingOptions::outcomes.
enum class OutcomeId : std::uint16_t {};

// Given by Metrics::serve().
enum class ModelRouteId : std::uint16_t {};

// What a configuration names, in the order of its settings.
struct ServedLabels {
  std::vector<std::string> providers = {};
  std::vector<std::string> model_routes = {};
};

// The ids of what a configuration names, by position in its settings.
struct SettingsLabels {
  std::vector<ProviderId> providers = {};
  std::vector<ModelRouteId> model_routes = {};
};

// Errors name limits, so Limit is part of the core.
using penstock::Limit;
using penstock::name_of;

// How an exchange ended.
enum class Ending : std::uint8_t {
  kCompleted,                // the whole answer was sent, whatever its status
  kRefused,                  // answered by the gateway itself, not because of an upstream's failure
  kClientGone,               // the client closed before the end
  kClientTimeout,            // the client sent or read too slowly
  kUpstreamUnreachable,      // no connection
  kUpstreamReset,            // the connection broke
  kUpstreamTimeout,          // timeout: connect, first byte, next byte or the whole request
  kUpstreamInvalidResponse,  // not HTTP, over a limit, or a redirect
  kUpstreamError,            // the upstream's stream ended with the upstream's own error
  kShutDown,                 // the drain limit has passed
  kInternal,                 // a bug in Penstock
};
inline constexpr std::size_t kEndingCount = 11;

std::string_view name_of(Ending ending);

// What came of an attempt that began beside another one that was slow.
enum class HedgeResult : std::uint8_t {
  kWon,     // its content came first
  kLost,    // the other one's did
  kFailed,  // by itself, before it had content
  kGone,    // the client left first
};
inline constexpr std::size_t kHedgeResultCount = 4;

std::string_view name_of(HedgeResult result);

// The ending of an exchange that failed with an error of this kind.
Ending ending_of(ErrorKind kind);

// The error kinds that upstream_errors_total counts: those of the upstream's side.
inline constexpr ErrorKind kUpstreamErrorKinds[] = {
    ErrorKind::kUpstreamUnreachable, ErrorKind::kUpstreamReset,
    ErrorKind::kUpstreamTimeout,     ErrorKind::kUpstreamInvalidResponse,
    ErrorKind::kUpstreamRedirect,    ErrorKind::kUpstreamForbidden,
};
inline constexpr std::size_t kUpstreamErrorKindCount = std::size(kUpstreamErrorKinds);

// The error kinds that requests_not_received_total counts. Any other counts as the last.
inline constexpr ErrorKind kReceiveErrorKinds[] = {
    ErrorKind::kMalformedRequest,    ErrorKind::kHeadTooLarge,
    ErrorKind::kTooManyFields,       ErrorKind::kRequestTimeout,
    ErrorKind::kExpectationFailed,   ErrorKind::kNotImplemented,
    ErrorKind::kVersionNotSupported, ErrorKind::kClientGone,
    ErrorKind::kOverloaded,          ErrorKind::kInternal,
};
inline constexpr std::size_t kReceiveErrorKindCount = std::size(kReceiveErrorKinds);

// Status classes: index 0 is "none" (no answer could be sent), n is "nxx".
inline constexpr std::size_t kStatusClassCount = 6;
constexpr std::size_t status_class_of(int status) {
  return status >= 100 && status <= 599 ? static_cast<std::size_t>(status) / 100 : 0;
}
std::string_view status_class_name(std::size_t status_class);

}  // namespace penstock::telemetry
