#include "core/error.h"

namespace penstock {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformedRequest:
      return "malformed_request";
    case ErrorKind::kInvalidRequest:
      return "invalid_request";
    case ErrorKind::kInvalidApiKey:
      return "invalid_api_key";
    case ErrorKind::kForbidden:
      return "forbidden";
    case ErrorKind::kModelNotFound:
      return "model_not_found";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kMethodNotAllowed:
      return "method_not_allowed";
    case ErrorKind::kUpgradeRequired:
      return "upgrade_required";
    case ErrorKind::kRequestTimeout:
      return "request_timeout";
    case ErrorKind::kBodyTooLarge:
      return "body_too_large";
    case ErrorKind::kHeadTooLarge:
      return "head_too_large";
    case ErrorKind::kTooManyFields:
      return "too_many_fields";
    case ErrorKind::kUnsupportedMediaType:
      return "unsupported_media_type";
    case ErrorKind::kExpectationFailed:
      return "expectation_failed";
    case ErrorKind::kNotImplemented:
      return "not_implemented";
    case ErrorKind::kVersionNotSupported:
      return "version_not_supported";
    case ErrorKind::kClientGone:
      return "client_gone";
    case ErrorKind::kUpstreamUnreachable:
      return "upstream_unreachable";
    case ErrorKind::kUpstreamReset:
      return "upstream_reset";
    case ErrorKind::kUpstreamTimeout:
      return "upstream_timeout";
    case ErrorKind::kUpstreamInvalidResponse:
      return "upstream_invalid_response";
    case ErrorKind::kUpstreamRedirect:
      return "upstream_redirect";
    case ErrorKind::kUpstreamForbidden:
      return "upstream_forbidden";
    case ErrorKind::kOverloaded:
      return "overloaded";
    case ErrorKind::kRateLimited:
      return "rate_limited";
    case ErrorKind::kKeyRequests:
      return "key_requests";
    case ErrorKind::kKeyConcurrency:
      return "key_concurrency";
    case ErrorKind::kPinnedTargetUnavailable:
      return "pinned_target_unavailable";
    case ErrorKind::kShuttingDown:
      return "shutting_down";
    case ErrorKind::kInternal:
      return "internal";
    case ErrorKind::kCancelled:
      return "cancelled";
  }
  return "internal";
}

}  // namespace penstock
