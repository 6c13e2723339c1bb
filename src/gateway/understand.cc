#include "gateway/understand.h"

#include <optional>
#include <utility>

#include "net/next_turn.h"

namespace penstock::gateway {

Task<Status> understand(Exchange& exchange, std::string_view body, const wire::RequestShape& shape,
                        wire::RequestFields& fields) {
  // A few milliseconds, whatever the body contains.
  constexpr std::size_t kSliceWork = 500'000;
  const config::Limits& limits = exchange.server().limits;
  wire::RequestReader reader(
      body,
      {.keys = limits.body_keys, .depth = limits.body_depth, .model_bytes = limits.model_bytes},
      shape);
  std::optional<Result<wire::RequestFields>> read = reader.proceed(kSliceWork);
  while (!read) {
    co_await net::next_turn(exchange.loop());
    read = reader.proceed(kSliceWork);
  }
  if (!*read) co_return failure(std::move(read->error()));
  exchange.facts().model.assign(reader.model());
  fields = std::move(**read);
  co_return Status{};
}

}  // namespace penstock::gateway
