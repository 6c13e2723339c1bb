#include "gateway/tell_of_upstream.h"

namespace penstock::gateway {

void tell_of_failure(const providers::Provider& provider, const Error& error, Shortened limits,
                     SteadyTime now) {
  using Failure = providers::UpstreamReport::Failure;
  switch (error.kind) {
    case ErrorKind::kUpstreamUnreachable:
      return provider.request_failed(Failure::kUnreachable, error.message, now);
    case ErrorKind::kUpstreamTimeout:
      if (limits == Shortened::kYes) return;
      [[fallthrough]];
    case ErrorKind::kUpstreamReset:
    case ErrorKind::kUpstreamInvalidResponse:
      return provider.request_failed(Failure::kNoAnswer, error.message, now);
    default:
      return;
  }
}

}  // namespace penstock::gateway
