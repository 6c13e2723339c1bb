#include "models/lister.h"

#include <algorithm>
#include <string>
#include <utility>

#include "http/serializer.h"
#include "net/wait.h"

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

}  // namespace

Task<Result<std::vector<ListedModel>>> list_models(net::EventLoop& loop,
                                                   providers::Passthrough& provider,
                                                   const providers::ProviderData* data,
                                                   SteadyTime until, net::Signal& cancel) {
  Result<providers::Passthrough::Route> route = provider.route(data);
  if (!route) co_return failure(std::move(route.error()));
  std::string head;
  provider.append_request_head(head, "GET", "/models", *route, data);
  if (!provider.writes("Accept", data)) http::append_field(head, "Accept", "application/json");
  http::append_head_end(head);
  // A new connection: lists are rare, and a stale one would need a second attempt.
  const SteadyTime connect_until = std::min(until, loop.now() + provider.connect_timeout());
  auto acquired = co_await route->pool().acquire(http::Reuse::kNo, connect_until, cancel);
  if (!acquired) co_return failure(std::move(acquired.error()));
  http::UpstreamConnection& connection = **acquired;
  http::Pieces pieces;
  pieces.add(head);
  Status sent = co_await connection.send(pieces, until, cancel);
  if (!sent) co_return failure(std::move(sent.error()));
  auto answer = co_await connection.receive_head(until, cancel);
  if (!answer) co_return failure(std::move(answer.error()));
  const int status = (*answer)->status;
  if (status != 200) {
    co_return failure(
        invalid("the upstream answered " + std::to_string(status) + " to the model list"));
  }
  Result<std::string> body = co_await read_whole_body(loop, connection, until, cancel);
  if (!body) co_return failure(std::move(body.error()));
  route->pool().give_back(std::move(*acquired));
  co_return parse_model_list(*body);
}

}  // namespace penstock::models
