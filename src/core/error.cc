#include "core/error.h"

#include <array>
#include <cstddef>

namespace penstock {
namespace {

struct KindName {
  ErrorKind kind;
  std::string_view name;
};

// In the order of the enumeration.
constexpr std::array kKindNames = {
    KindName{ErrorKind::kMalformedRequest, "malformed_request"},
    KindName{ErrorKind::kInvalidRequest, "invalid_request"},
    KindName{ErrorKind::kInvalidApiKey, "invalid_api_key"},
    KindName{ErrorKind::kExpiredApiKey, "expired_api_key"},
    KindName{ErrorKind::kDisabledApiKey, "disabled_api_key"},
    KindName{ErrorKind::kForbidden, "forbidden"},
    KindName{ErrorKind::kModelNotAllowed, "model_not_allowed"},
    KindName{ErrorKind::kModelNotFound, "model_not_found"},
    KindName{ErrorKind::kNotFound, "not_found"},
    KindName{ErrorKind::kConflict, "conflict"},
    KindName{ErrorKind::kPreconditionFailed, "precondition_failed"},
    KindName{ErrorKind::kMethodNotAllowed, "method_not_allowed"},
    KindName{ErrorKind::kUpgradeRequired, "upgrade_required"},
    KindName{ErrorKind::kRequestTimeout, "request_timeout"},
    KindName{ErrorKind::kBodyTooLarge, "body_too_large"},
    KindName{ErrorKind::kHeadTooLarge, "head_too_large"},
    KindName{ErrorKind::kTooManyFields, "too_many_fields"},
    KindName{ErrorKind::kUnsupportedMediaType, "unsupported_media_type"},
    KindName{ErrorKind::kExpectationFailed, "expectation_failed"},
    KindName{ErrorKind::kNotImplemented, "not_implemented"},
    KindName{ErrorKind::kVersionNotSupported, "version_not_supported"},
    KindName{ErrorKind::kClientGone, "client_gone"},
    KindName{ErrorKind::kUpstreamUnreachable, "upstream_unreachable"},
    KindName{ErrorKind::kUpstreamReset, "upstream_reset"},
    KindName{ErrorKind::kUpstreamTimeout, "upstream_timeout"},
    KindName{ErrorKind::kUpstreamInvalidResponse, "upstream_invalid_response"},
    KindName{ErrorKind::kUpstreamRedirect, "upstream_redirect"},
    KindName{ErrorKind::kUpstreamForbidden, "upstream_forbidden"},
    KindName{ErrorKind::kOverloaded, "overloaded"},
    KindName{ErrorKind::kRateLimited, "rate_limited"},
    KindName{ErrorKind::kKeyRequests, "key_requests"},
    KindName{ErrorKind::kKeyTokens, "key_tokens"},
    KindName{ErrorKind::kKeyConcurrency, "key_concurrency"},
    KindName{ErrorKind::kBudgetExceeded, "budget_exceeded"},
    KindName{ErrorKind::kStoreUnavailable, "store_unavailable"},
    KindName{ErrorKind::kPinnedTargetUnavailable, "pinned_target_unavailable"},
    KindName{ErrorKind::kShuttingDown, "shutting_down"},
    KindName{ErrorKind::kInternal, "internal"},
    KindName{ErrorKind::kCancelled, "cancelled"},
};

constexpr bool names_every_kind_in_order() {
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (static_cast<std::size_t>(kKindNames[i].kind) != i) return false;
  }
  return true;
}
static_assert(names_every_kind_in_order());
static_assert(kKindNames.size() == static_cast<std::size_t>(ErrorKind::kCancelled) + 1);

}  // namespace

std::string_view name_of(ErrorKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)].name;
}

}  // namespace penstock
