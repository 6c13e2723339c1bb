#pragma once

// The attempt loop: sends a request to its upstream, and returns the head of an answer.

#include <memory>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/attempt_scope.h"
#include "http/upstream_exchange.h"
#include "http/upstream_pool.h"

namespace penstock::gateway {

// Whether a request may be sent again after a failed attempt, before anything was sent downstream
// (docs/decisions/0009).
struct Attempt {
  int number = 1;
  bool reused_connection = false;
  Repeatable repeatable = Repeatable::kNo;
};
bool may_retry(const Attempt& attempt, const Error& error);

struct Answered {
  http::UpstreamExchange upstream;
  const http::ResponseHead* head = nullptr;  // valid until the first read_body()
};

// Sends `request` with its whole body and waits for the head of the answer. At most two
// attempts: the second, on a new connection, only if the first failed on a reused one that took
// nothing, or, if the request is `repeatable`, that was closed without a byte of an answer. Ends
// with kCancelled as soon as `scope.stop` is raised. Each try is added to the exchange's facts.
Task<Result<Answered>> forward(AttemptScope& scope, http::UpstreamPool& pool,
                               const http::RequestToSend& request, const http::Pieces& body,
                               Repeatable repeatable);

}  // namespace penstock::gateway
