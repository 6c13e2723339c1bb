#include "gateway/forward.h"

#include <utility>

namespace penstock::gateway {
namespace {

constexpr int kAttemptsMax = 2;

AttemptFacts& begin_attempt(ExchangeFacts& facts, const Attempt& attempt) {
  using Reason = AttemptFacts::Reason;
  AttemptFacts begun;
  if (attempt.number > 1) {
    begun.reason = Reason::kRetry;
  } else if (facts.attempts.count() > 0) {
    begun.reason = Reason::kRedirect;
  }
  begun.provider = *facts.provider;
  facts.attempts.add(begun);
  return facts.attempts.last();
}

// One try: connect or reuse, send, wait for the head.
Task<Result<Answered>> attempt_once(Exchange& exchange, providers::Provider& provider,
                                    http::UpstreamPool& pool, const http::RequestToSend& request,
                                    const http::Pieces& body, Attempt& attempt,
                                    AttemptFacts& facts) {
  net::Signal& gone = exchange.client().gone();
  const SteadyTime began = exchange.loop().now();
  const http::Reuse reuse = attempt.number == 1 ? http::Reuse::kYes : http::Reuse::kNo;
  auto acquired = co_await pool.acquire(reuse, exchange.until(provider.connect_timeout()), gone);
  if (!acquired) co_return failure(std::move(acquired.error()));
  http::UpstreamExchange upstream = std::move(*acquired);
  attempt.reused_connection = upstream.reused();
  facts.reused_connection = upstream.reused();
  facts.connect = duration_cast<std::chrono::microseconds>(exchange.loop().now() - began);
  const SteadyTime until = exchange.until(provider.first_byte_timeout());
  Status sent = co_await upstream.send(request, body, until, gone);
  if (!sent) co_return failure(std::move(sent.error()));
  auto head = co_await upstream.receive_head(until, gone);
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

Task<Result<Answered>> forward(Exchange& exchange, providers::Provider& provider,
                               http::UpstreamPool& pool, const http::RequestToSend& request,
                               const http::Pieces& body, Repeatable repeatable) {
  for (Attempt attempt{.repeatable = repeatable};; ++attempt.number) {
    attempt.reused_connection = false;
    AttemptFacts& facts = begin_attempt(exchange.facts(), attempt);
    auto answered = co_await attempt_once(exchange, provider, pool, request, body, attempt, facts);
    if (answered) co_return std::move(*answered);
    facts.error = answered.error().kind;
    if (!may_retry(attempt, answered.error())) co_return failure(std::move(answered.error()));
    // Nobody waits for a second answer, and connecting may succeed without noticing that.
    if (exchange.client().gone().raised()) co_return failure(Error::cancelled());
  }
}

}  // namespace penstock::gateway
