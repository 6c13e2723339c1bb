#include "core/error.h"

#include "core/name_table.h"

namespace penstock {
namespace {

constexpr NameTable<ErrorKind, static_cast<std::size_t>(ErrorKind::kCancelled) + 1> kKindNames({
    {ErrorKind::kMalformedRequest, "malformed_request"},
    {ErrorKind::kInvalidRequest, "invalid_request"},
    {ErrorKind::kInvalidApiKey, "invalid_api_key"},
    {ErrorKind::kExpiredApiKey, "expired_api_key"},
    {ErrorKind::kDisabledApiKey, "disabled_api_key"},
    {ErrorKind::kForbidden, "forbidden"},
    {ErrorKind::kModelNotAllowed, "model_not_allowed"},
    {ErrorKind::kModelNotFound, "model_not_found"},
    {ErrorKind::kNotFound, "not_found"},
    {ErrorKind::kConflict, "conflict"},
    {ErrorKind::kPreconditionFailed, "precondition_failed"},
    {ErrorKind::kMethodNotAllowed, "method_not_allowed"},
    {ErrorKind::kUpgradeRequired, "upgrade_required"},
    {ErrorKind::kRequestTimeout, "request_timeout"},
    {ErrorKind::kBodyTooLarge, "body_too_large"},
    {ErrorKind::kHeadTooLarge, "head_too_large"},
    {ErrorKind::kTooManyFields, "too_many_fields"},
    {ErrorKind::kUnsupportedMediaType, "unsupported_media_type"},
    {ErrorKind::kExpectationFailed, "expectation_failed"},
    {ErrorKind::kNotImplemented, "not_implemented"},
    {ErrorKind::kVersionNotSupported, "version_not_supported"},
    {ErrorKind::kClientGone, "client_gone"},
    {ErrorKind::kUpstreamUnreachable, "upstream_unreachable"},
    {ErrorKind::kUpstreamReset, "upstream_reset"},
    {ErrorKind::kUpstreamTimeout, "upstream_timeout"},
    {ErrorKind::kUpstreamInvalidResponse, "upstream_invalid_response"},
    {ErrorKind::kUpstreamRedirect, "upstream_redirect"},
    {ErrorKind::kUpstreamForbidden, "upstream_forbidden"},
    {ErrorKind::kOverloaded, "overloaded"},
    {ErrorKind::kRateLimited, "rate_limited"},
    {ErrorKind::kKeyRequests, "key_requests"},
    {ErrorKind::kKeyTokens, "key_tokens"},
    {ErrorKind::kKeyConcurrency, "key_concurrency"},
    {ErrorKind::kBudgetExceeded, "budget_exceeded"},
    {ErrorKind::kStoreUnavailable, "store_unavailable"},
    {ErrorKind::kPinnedTargetUnavailable, "pinned_target_unavailable"},
    {ErrorKind::kShuttingDown, "shutting_down"},
    {ErrorKind::kInternal, "internal"},
    {ErrorKind::kCancelled, "cancelled"},
});

}  // namespace

std::string_view name_of(ErrorKind kind) {
  return kKindNames[kind];
}

}  // namespace penstock
