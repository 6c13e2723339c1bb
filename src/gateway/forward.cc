#include "gateway/forward.h"

#include <utility>

namespace penstock::gateway {
namespace {

constexpr int kAttemptsMax = 2;

// One try: connect or reuse, send, wait for the head.
Task<Result<Answered>> attempt_once(Exchange& exchange, providers::Passthrough& provider,
                                    http::UpstreamPool& pool, http::Pieces request,
                                    Attempt& attempt) {
  Context& context = exchange.context();
  net::Signal& gone = exchange.connection().gone();
  exchange.begin_attempt();
  const SteadyTime began = context.loop.now();
  const http::Reuse reuse = attempt.number == 1 ? http::Reuse::kYes : http::Reuse::kNo;
  auto acquired = co_await pool.acquire(reuse, exchange.until(provider.connect_timeout()), gone);
  if (!acquired) co_return failure(std::move(acquired.error()));
  std::unique_ptr<http::UpstreamConnection> connection = std::move(*acquired);
  attempt.reused_connection = connection->reused();
  exchange.connected(connection->reused(), context.loop.now() - began);
  const SteadyTime until = exchange.until(provider.first_byte_timeout());
  Status sent = co_await connection->send(request, until, gone);
  if (!sent) co_return failure(std::move(sent.error()));
  auto head = co_await connection->receive_head(until, gone);
  if (!head) co_return failure(std::move(head.error()));
  Answered answered;
  answered.connection = std::move(connection);
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

Task<Result<Answered>> forward(Exchange& exchange, providers::Passthrough& provider,
                               http::UpstreamPool& pool, http::Pieces request,
                               Repeatable repeatable) {
  for (Attempt attempt{.repeatable = repeatable};; ++attempt.number) {
    attempt.reused_connection = false;
    auto answered = co_await attempt_once(exchange, provider, pool, request, attempt);
    if (answered) co_return std::move(*answered);
    exchange.attempt_failed(answered.error());
    if (!may_retry(attempt, answered.error())) co_return failure(std::move(answered.error()));
    // Nobody waits for a second answer, and connecting may succeed without noticing that.
    if (exchange.connection().gone().raised()) co_return failure(Error::cancelled());
    exchange.attempt_repeated();
  }
}

}  // namespace penstock::gateway
