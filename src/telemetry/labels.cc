#include "telemetry/labels.h"

#include <array>

namespace penstock::telemetry {
namespace {

constexpr std::array<std::string_view, kEndingCount> kEndingNames = {
    "completed",
    "refused",
    "client_gone",
    "client_timeout",
    "upstream_unreachable",
    "upstream_reset",
    "upstream_timeout",
    "upstream_invalid_response",
    "upstream_error",
    "shut_down",
    "internal",
};
static_assert(static_cast<std::size_t>(Ending::kInternal) + 1 == kEndingCount);

constexpr std::array<std::string_view, kHedgeResultCount> kHedgeResultNames = {"won", "lost",
                                                                               "failed", "gone"};
static_assert(static_cast<std::size_t>(HedgeResult::kGone) + 1 == kHedgeResultCount);

constexpr std::array<std::string_view, kStatusClassCount> kStatusClassNames = {
    "none", "1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace

std::string_view name_of(Ending ending) {
  return kEndingNames[static_cast<std::size_t>(ending)];
}

std::string_view name_of(HedgeResult result) {
  return kHedgeResultNames[static_cast<std::size_t>(result)];
}

std::string_view status_class_name(std::size_t status_class) {
  return kStatusClassNames[status_class];
}

Ending ending_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kClientGone:
    case ErrorKind::kCancelled:
      return Ending::kClientGone;
    case ErrorKind::kRequestTimeout:
      return Ending::kClientTimeout;
    case ErrorKind::kUpstreamUnreachable:
      return Ending::kUpstreamUnreachable;
    case ErrorKind::kUpstreamReset:
      return Ending::kUpstreamReset;
    case ErrorKind::kUpstreamTimeout:
      return Ending::kUpstreamTimeout;
    case ErrorKind::kUpstreamInvalidResponse:
    case ErrorKind::kUpstreamRedirect:
      return Ending::kUpstreamInvalidResponse;
    case ErrorKind::kShuttingDown:
      return Ending::kShutDown;
    case ErrorKind::kInternal:
      return Ending::kInternal;
    case ErrorKind::kMalformedRequest:
    case ErrorKind::kInvalidRequest:
    case ErrorKind::kInvalidApiKey:
    case ErrorKind::kExpiredApiKey:
    case ErrorKind::kDisabledApiKey:
    case ErrorKind::kForbidden:
    case ErrorKind::kModelNotAllowed:
    case ErrorKind::kModelNotFound:
    case ErrorKind::kNotFound:
    case ErrorKind::kConflict:
    case ErrorKind::kPreconditionFailed:
    case ErrorKind::kMethodNotAllowed:
    case ErrorKind::kUpgradeRequired:
    case ErrorKind::kBodyTooLarge:
    case ErrorKind::kHeadTooLarge:
    case ErrorKind::kTooManyFields:
    case ErrorKind::kUnsupportedMediaType:
    case ErrorKind::kExpectationFailed:
    case ErrorKind::kNotImplemented:
    case ErrorKind::kVersionNotSupported:
    case ErrorKind::kUpstreamForbidden:
    case ErrorKind::kOverloaded:
    case ErrorKind::kRateLimited:
    case ErrorKind::kKeyRequests:
    case ErrorKind::kKeyTokens:
    case ErrorKind::kKeyConcurrency:
    case ErrorKind::kBudgetExceeded:
    case ErrorKind::kStoreUnavailable:
    case ErrorKind::kPinnedTargetUnavailable:
      return Ending::kRefused;
  }
  return Ending::kInternal;
}

}  // namespace penstock::telemetry
