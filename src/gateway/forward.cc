#include "gateway/forward.h"

#include <utility>

namespace penstock::gateway {
namespace {

constexpr int kAttemptsMax = 2;

AttemptFacts& begin_attempt(AttemptScope& scope, const Attempt& attempt) {
  using Reason = AttemptFacts::Reason;
  AttemptFacts& begun = scope.exchange.facts().attempts.add();
  if (attempt.number > 1) {
    begun.reason = Reason::kRetry;
  } else if (scope.facts != nullptr) {
    begun.reason = Reason::kRedirect;
  }
  begun.provider = scope.provider;
  return begun;
}

// One try: connect or reuse, send, wait for the head.
Task<Result<Answered>> attempt_once(AttemptScope& scope, http::UpstreamPool& pool,
                                    const http::RequestToSend& request, const http::Pieces& body,
                                    Attempt& attempt) {
  const net::EventLoop& loop = scope.exchange.loop();
  const SteadyTime began = loop.now();
  const http::Reuse reuse = attempt.number == 1 ? http::Reuse::kYes : http::Reuse::kNo;
  auto acquired = co_await pool.acquire(reuse, scope.until(scope.timeouts.connect), *scope.stop);
  if (!acquired) co_return failure(std::move(acquired.error()));
  http::UpstreamExchange upstream = std::move(*acquired);
  attempt.reused_connection = upstream.reused();
  scope.facts->reused_connection = upstream.reused();
  scope.facts->connect = duration_cast<std::chrono::microseconds>(loop.now() - began);
  const SteadyTime until = scope.until(scope.timeouts.first_byte);
  Status sent = co_await upstream.send(request, body, until, *scope.stop);
  if (!sent) co_return failure(std::move(sent.error()));
  auto head = co_await upstream.receive_head(until, *scope.stop);
  if (!head) co_return failure(std::move(head.error()));
  Answered answered;
  answered.upstream = std::move(upstream);
  answered.head = *head;
  co_return answered;
}

}  // namespace

bool may_retry(const Attempt& attempt, const Error& error) {
  if (attempt.number >= kAttemptsMax || !attempt.reused_connection) return false;
  switch (error.retry) {
    case RetryClass::kNothingSent:
      return true;
    case RetryClass::kStaleConnection:
      return attempt.repeatable == Repeatable::kYes;
    case RetryClass::kNever:
      return false;
  }
  return false;
}

Task<Result<Answered>> forward(AttemptScope& scope, http::UpstreamPool& pool,
                               const http::RequestToSend& request, const http::Pieces& body,
                               Repeatable repeatable) {
  for (Attempt attempt{.repeatable = repeatable};; ++attempt.number) {
    attempt.reused_connection = false;
    scope.facts = &begin_attempt(scope, attempt);
    auto answered = co_await attempt_once(scope, pool, request, body, attempt);
    if (answered) {
      scope.facts->status = answered->head->status;
      co_return std::move(*answered);
    }
    scope.facts->error = answered.error().kind;
    if (!may_retry(attempt, answered.error())) co_return failure(std::move(answered.error()));
    // Nobody waits for a second answer, and connecting may succeed without noticing that.
    if (scope.stop->raised()) co_return failure(Error::cancelled());
  }
}

}  // namespace penstock::gateway
