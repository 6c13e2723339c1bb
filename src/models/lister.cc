#include "models/lister.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/serializer.h"
#include "net/wait.h"
#include "providers/redirect.h"

namespace penstock::models {
namespace {

constexpr std::size_t kListBytesMax = 16 * 1024 * 1024;

Error invalid(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                         std::move(message));
}

Task<Result<std::string>> read_whole_body(net::EventLoop& loop,
                                          http::UpstreamConnection& connection, SteadyTime until,
                                          net::Signal& cancel) {
  net::Deadline deadline(loop);
  deadline.set(until);
  std::string body;
  for (;;) {
    auto part = connection.read_body();
    if (!part) co_return failure(std::move(part.error()));
    body.append(part->data);
    if (part->end) co_return body;
    if (body.size() > kListBytesMax) co_return failure(invalid("the model list is too long"));
    if (connection.has_buffered()) continue;
    const net::Woken woken = co_await net::wait_any(loop, &deadline, cancel, connection.readable());
    if (woken.by(cancel)) {
      co_return failure(Error::cancelled());
    }
    if (woken.timed_out()) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                        "the upstream took too long to list its models"));
    }
  }
}

// What one request brought: a body, or the target to ask in its place.
struct Listed {
  int status = 0;
  std::string body;
  std::optional<std::string> next_target;
};

Task<Result<Listed>> ask(net::EventLoop& loop, providers::Passthrough& provider,
                         const providers::Passthrough::Route& route,
                         const providers::ProviderData* data, std::string_view target,
                         SteadyTime until, net::Signal& cancel) {
  std::string head;
  provider.append_redirected_head(head, "GET", target, route, data);
  if (!provider.writes("Accept", data)) http::append_field(head, "Accept", "application/json");
  http::append_head_end(head);
  // A new connection: lists are rare, and a stale one would need a second attempt.
  const SteadyTime connect_until = std::min(until, loop.now() + provider.connect_timeout());
  auto acquired = co_await route.pool().acquire(http::Reuse::kNo, connect_until, cancel);
  if (!acquired) co_return failure(std::move(acquired.error()));
  http::UpstreamConnection& connection = **acquired;
  http::Pieces pieces;
  pieces.add(head);
  Status sent = co_await connection.send(pieces, until, cancel);
  if (!sent) co_return failure(std::move(sent.error()));
  auto answer = co_await connection.receive_head(until, cancel);
  if (!answer) co_return failure(std::move(answer.error()));
  Listed listed;
  listed.status = (*answer)->status;
  if (providers::is_redirect(listed.status)) {
    Result<std::string> next = provider.follow(**answer, route, target);
    if (!next) co_return failure(std::move(next.error()));
    listed.next_target = std::move(*next);
    co_return listed;
  }
  if (listed.status != 200) {
    co_return failure(
        invalid("the upstream answered " + std::to_string(listed.status) + " to the model list"));
  }
  Result<std::string> body = co_await read_whole_body(loop, connection, until, cancel);
  if (!body) co_return failure(std::move(body.error()));
  listed.body = std::move(*body);
  route.pool().give_back(std::move(*acquired));
  co_return listed;
}

}  // namespace

Task<Result<std::vector<ListedModel>>> list_models(net::EventLoop& loop,
                                                   providers::Passthrough& provider,
                                                   const providers::ProviderData* data,
                                                   SteadyTime until, net::Signal& cancel) {
  Result<providers::Passthrough::Route> route = provider.route(data);
  if (!route) co_return failure(std::move(route.error()));
  std::string target = provider.target_of("/models", *route);
  for (int redirects = 0;; ++redirects) {
    auto listed = co_await ask(loop, provider, *route, data, target, until, cancel);
    if (!listed) co_return failure(std::move(listed.error()));
    if (!listed->next_target) co_return parse_model_list(listed->body);
    if (redirects == providers::kRedirectsMax) {
      co_return failure(providers::too_many_redirects(listed->status));
    }
    target = std::move(*listed->next_target);
  }
}

}  // namespace penstock::models
