#include "gateway/model_endpoints.h"

#include <array>
#include <memory>
#include <utility>

#include "gateway/anthropic_models.h"
#include "gateway/caller_data.h"
#include "gateway/content.h"
#include "gateway/exchange.h"
#include "gateway/model_list.h"
#include "gateway/model_text.h"
#include "gateway/registration.h"
#include "gateway/route_table.h"
#include "net/next_turn.h"

namespace penstock::gateway {
namespace {

std::string shown(const Context& context, const models::Model& model) {
  return single_model(model, context.settings.providers[model.provider].id);
}

Error too_large(std::size_t bytes_max) {
  return Error::client(ErrorKind::kBodyTooLarge, "a registration must not be longer than " +
                                                     std::to_string(bytes_max) + " bytes")
      .at_limit(Limit::kRegistrationBytes);
}

// The body of a registration, which is limited to much less than other bodies.
Task<Result<std::string_view>> read_small_body(Exchange& exchange) {
  const std::size_t bytes_max = exchange.context().settings.server.limits.registration_bytes;
  const http::Framing& framing = exchange.client().request().framing;
  if (framing.kind == http::Framing::Kind::kLength && framing.length > bytes_max) {
    co_return failure(too_large(bytes_max));
  }
  Result<std::string_view> body = co_await read_content(exchange);
  if (body && body->size() > bytes_max) co_return failure(too_large(bytes_max));
  co_return body;
}

// Anthropic's clients say so in every request.
bool wants_anthropics_shape(const Exchange& exchange) {
  return exchange.client().request().fields.has(http::FieldName::kAnthropicVersion);
}

http::FieldBlock anthropic_version(const Context& context) {
  http::FieldBlock fields(context.scratch);
  fields.add("anthropic-version", "2023-06-01");
  return fields;
}

// One page, picked in slices, between which other requests get their turn.
Task<Status> list_in_anthropics_shape(Context& context, Exchange& exchange,
                                      const RouteMatch& match) {
  constexpr std::size_t kSliceModels = 2048;
  const Result<ModelPage> page = ModelPage::read(match.query);
  if (!page) co_return failure(page.error());
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  ModelPicker picker(*page);
  std::size_t offered = 0;
  for (const models::Model& model : catalog->models()) {
    picker.offer(model);
    if (++offered % kSliceModels == 0) co_await net::next_turn(context.loop);
  }
  const std::string body = picker.text();
  co_return co_await exchange.responder().respond(200, kJsonType, body, anthropic_version(context));
}

// With provider data in the request, the upstreams are also asked on the caller's behalf; what they
// add is shown and not remembered.
Task<Status> list_models(Context& context, Exchange& exchange, const RouteMatch& match) {
  if (wants_anthropics_shape(exchange)) {
    co_return co_await list_in_anthropics_shape(context, exchange, match);
  }
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  auto data =
      caller_data(exchange.client().request().fields, context.settings.server.limits.json());
  if (!data) co_return failure(std::move(data.error()));
  const std::shared_ptr<const std::string> list = co_await rendered_list(context, catalog);
  if (!data->has_value()) {
    const std::array<std::string_view, 1> whole = {*list};
    co_return co_await exchange.responder().respond_in_parts(200, kJsonType, whole);
  }
  const std::string added = co_await entries_for_caller(exchange, *catalog, **data);
  if (exchange.client().gone().raised()) co_return failure(Error::cancelled());
  std::string_view known(*list);
  known.remove_suffix(kModelListEnd.size());
  std::string_view more(added);
  if (known.size() == kModelListBegin.size() && !more.empty()) more.remove_prefix(1);
  const std::array<std::string_view, 3> parts = {known, more, kModelListEnd};
  co_return co_await exchange.responder().respond_in_parts(200, kJsonType, parts);
}

Task<Status> show_model(Context& context, Exchange& exchange, const RouteMatch& match) {
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  const models::Model* model = catalog->find(match.id);
  if (model == nullptr) co_return failure(catalog->not_found(match.id));
  if (wants_anthropics_shape(exchange)) {
    const std::string body = anthropic_model(*model);
    co_return co_await exchange.responder().respond(200, kJsonType, body,
                                                    anthropic_version(context));
  }
  const std::string body = shown(context, *model);
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

Task<Status> register_model(Context& context, Exchange& exchange, const RouteMatch&) {
  Result<std::string_view> body = co_await read_small_body(exchange);
  if (!body) co_return failure(std::move(body.error()));
  Result<models::Registry::Registration> registration =
      read_registration(*body, context.settings.server.limits.json());
  if (!registration) co_return failure(std::move(registration.error()));
  Result<std::shared_ptr<const models::Model>> model =
      context.registry.add(*registration, context.loop.wall());
  if (!model) co_return failure(std::move(model.error()));
  const std::string answer = shown(context, **model);
  co_return co_await exchange.responder().respond(200, kJsonType, answer);
}

Task<Status> remove_model(Context& context, Exchange& exchange, const RouteMatch& match) {
  Status removed = context.registry.remove(match.id);
  if (!removed) co_return failure(std::move(removed.error()));
  co_return co_await exchange.responder().respond(200, kJsonType, "null");
}

constexpr std::string_view kModelPath = "/v1/models/{model_id:path}";

constexpr std::array<RouteRow<Context>, 4> kRoutes = {{
    {{"GET", "/v1/models"}, list_models},
    {{"POST", "/v1/models", Access::kAdmin}, register_model},
    {{"GET", kModelPath}, show_model},
    {{"DELETE", kModelPath, Access::kAdmin}, remove_model},
}};

}  // namespace

std::span<const RouteRow<Context>> model_routes() {
  return kRoutes;
}

}  // namespace penstock::gateway
