#include "gateway/stripped_request.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/bodies/sealed_items.h"

namespace penstock::gateway {
namespace {

PassedRequest with_body(const PassedRequest& request, std::string_view body,
                        const wire::RequestFields& fields) {
  return {.upstreams = request.upstreams,
          .exchange = request.exchange,
          .match = request.match,
          .body = body,
          .fields = fields,
          .caller = request.caller,
          .catalog = request.catalog,
          .only_provider = request.only_provider};
}

}  // namespace

StrippedRequest::StrippedRequest(const PassedRequest& request, http::BodyMemory body,
                                 wire::RequestFields fields)
    : body_(std::move(body)),
      fields_(std::move(fields)),
      request_(with_body(request, body_.view(), fields_)) {}

std::unique_ptr<StrippedRequest> StrippedRequest::of(const PassedRequest& request) {
  const std::vector<std::string_view> parts = wire::parts_without_sealed_items(request.body);
  if (parts.empty()) return nullptr;
  std::size_t bytes = 0;
  for (const std::string_view part : parts) bytes += part.size();
  http::BodyMemory body(request.exchange.client().bodies());
  if (!body.make_room(bytes)) return nullptr;
  for (const std::string_view part : parts) {
    std::ranges::copy(part, body.room().begin());
    body.add(part.size());
  }
  const config::Limits& limits = request.exchange.server().limits;
  wire::RequestReader reader(
      body.view(),
      {.keys = limits.body_keys, .depth = limits.body_depth, .model_bytes = limits.model_bytes},
      *request.exchange.passing().shape);
  Result<wire::RequestFields> fields = wire::read_request(reader);
  if (!fields) return nullptr;
  return std::unique_ptr<StrippedRequest>(
      new StrippedRequest(request, std::move(body), std::move(*fields)));
}

}  // namespace penstock::gateway
