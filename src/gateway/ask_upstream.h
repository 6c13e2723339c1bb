#pragma once

// The request to an upstream: its head and its body with the edits, sent until there is an answer
// that is no redirect.

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/attempt_scope.h"
#include "gateway/forward.h"
#include "gateway/route_table.h"
#include "providers/provider.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

// What is sent as the body, and where it names models. All of it outlives the call.
struct BodyToSend {
  std::string_view text;  // as the client has sent it, without its content codings
  const wire::RequestFields& fields;
  std::string_view model;  // the upstream's name of the first model
  // The upstream's names of the models that the body names beside the first, quoted as JSON.
  std::span<const std::string> further_models;
};

// The body is sent unchanged around the models' names. A coroutine of its own, so that the written
// request is not kept while the answer arrives.
Task<Result<Answered>> ask_upstream(AttemptScope& scope, const RouteMatch& match,
                                    providers::Provider& provider, const providers::Call& call,
                                    const providers::ProviderData* caller, BodyToSend to_send);

}  // namespace penstock::gateway
