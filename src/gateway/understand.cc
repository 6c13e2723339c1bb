#include "gateway/understand.h"

#include <optional>
#include <utility>

#include "gateway/content.h"
#include "net/next_turn.h"

namespace penstock::gateway {
namespace {

// Reads in slices, between which other requests get their turn. A separate coroutine, so that the
// reader is gone before the answer.
Task<Result<wire::RequestFields>> read_fields(Exchange& exchange, std::string_view body,
                                              wire::RequestShape shape) {
  // A few milliseconds, whatever the body contains.
  constexpr std::size_t kSliceWork = 500'000;
  const config::Limits& limits = exchange.context().settings.server.limits;
  wire::RequestReader reader(
      body,
      {.keys = limits.body_keys, .depth = limits.body_depth, .model_bytes = limits.model_bytes},
      shape);
  std::optional<Result<wire::RequestFields>> fields = reader.proceed(kSliceWork);
  while (!fields) {
    co_await net::next_turn(exchange.context().loop);
    fields = reader.proceed(kSliceWork);
  }
  if (*fields) exchange.facts().model.assign(reader.model());
  co_return *std::move(fields);
}

}  // namespace

Task<Result<Understood>> understand(Exchange& exchange) {
  Result<std::string_view> body = co_await read_content(exchange);
  if (!body) co_return failure(std::move(body.error()));
  Understood understood;
  understood.body = *body;
  const std::optional<wire::RequestShape>& shape = exchange.passing().shape;
  if (!shape) co_return understood;
  Result<wire::RequestFields> fields = co_await read_fields(exchange, *body, *shape);
  if (!fields) co_return failure(std::move(fields.error()));
  understood.fields = std::move(*fields);
  co_return understood;
}

}  // namespace penstock::gateway
