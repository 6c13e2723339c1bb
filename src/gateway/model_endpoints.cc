#include "gateway/model_endpoints.h"

#include <array>
#include <memory>
#include <utility>

#include "config/endpoint.h"
#include "gateway/anthropic_models.h"
#include "gateway/caller_data.h"
#include "gateway/content.h"
#include "gateway/exchange.h"
#include "gateway/model_text.h"
#include "gateway/models_of_caller.h"
#include "gateway/registration.h"
#include "gateway/route_table.h"
#include "http/query.h"
#include "net/next_turn.h"

namespace penstock::gateway {
namespace {

std::string shown(const ModelServices& services, const models::Model& model) {
  return single_model(model, services.upstreams.settings[model.provider].id);
}

Error too_large(std::size_t bytes_max) {
  return Error::client(ErrorKind::kBodyTooLarge, "a registration must not be longer than " +
                                                     std::to_string(bytes_max) + " bytes")
      .at_limit(Limit::kRegistrationBytes);
}

// The body of a registration, which is limited to much less than other bodies.
Task<Result<std::string_view>> read_small_body(Exchange& exchange) {
  const std::size_t bytes_max = exchange.server().limits.registration_bytes;
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

http::FieldBlock anthropic_version(const Exchange& exchange) {
  http::FieldBlock fields(exchange.scratch());
  fields.add(config::kAnthropicVersionField, config::kAnthropicVersion);
  return fields;
}

// One page, picked in slices, between which other requests get their turn.
Task<Status> list_in_anthropics_shape(const ModelServices& services, Exchange& exchange,
                                      const RouteMatch& match) {
  constexpr std::size_t kSliceModels = 2048;
  const Result<ModelPage> page = ModelPage::read(match.query);
  if (!page) co_return failure(page.error());
  const std::shared_ptr<const models::Catalog> catalog = services.upstreams.catalog;
  ModelPicker picker(*page);
  std::size_t offered = 0;
  for (const models::Model& model : catalog->models()) {
    picker.offer(model);
    if (++offered % kSliceModels == 0) co_await net::next_turn(exchange.loop());
  }
  const std::string body = picker.text();
  co_return co_await exchange.responder().respond(200, kJsonType, body,
                                                  anthropic_version(exchange));
}

// Codex states its version when it asks for models. It wants a list of its own, and each entry must
// have the instructions that it then sends to the model in place of the built-in ones. Nobody here
// knows any, so the list is empty, and Codex keeps what it has.
std::string_view list_end(const RouteMatch& match) {
  constexpr std::string_view kWithCodexsList = R"(],"models":[]})";
  const bool is_codex = http::query_parameter(match.query, "client_version").has_value();
  return is_codex ? kWithCodexsList : kModelListEnd;
}

// With provider data in the request, the upstreams are also asked on the caller's behalf; what they
// add is shown and not remembered.
Task<Status> list_models(const ModelServices& services, Exchange& exchange,
                         const RouteMatch& match) {
  if (wants_anthropics_shape(exchange)) {
    co_return co_await list_in_anthropics_shape(services, exchange, match);
  }
  const std::shared_ptr<const models::Catalog> catalog = services.upstreams.catalog;
  auto data = caller_data(exchange.client().request().fields, exchange.server().limits.json());
  if (!data) co_return failure(std::move(data.error()));
  const std::shared_ptr<const std::string> list = co_await services.list.of(catalog);
  std::string_view known(*list);
  known.remove_suffix(kModelListEnd.size());
  if (!data->has_value()) {
    const std::array<std::string_view, 2> whole = {known, list_end(match)};
    co_return co_await exchange.responder().respond_in_parts(200, kJsonType, whole);
  }
  const std::string added = co_await entries_for_caller(services, exchange, *catalog, **data);
  if (exchange.client().gone().raised()) co_return failure(Error::cancelled());
  std::string_view more(added);
  if (known.size() == kModelListBegin.size() && !more.empty()) more.remove_prefix(1);
  const std::array<std::string_view, 3> parts = {known, more, list_end(match)};
  co_return co_await exchange.responder().respond_in_parts(200, kJsonType, parts);
}

Task<Status> show_model(const ModelServices& services, Exchange& exchange,
                        const RouteMatch& match) {
  const std::shared_ptr<const models::Catalog> catalog = services.upstreams.catalog;
  const std::string id = decoded_id(match);
  const models::Model* model = catalog->find(id);
  if (model == nullptr) co_return failure(catalog->not_found(id));
  if (wants_anthropics_shape(exchange)) {
    const std::string body = anthropic_model(*model);
    co_return co_await exchange.responder().respond(200, kJsonType, body,
                                                    anthropic_version(exchange));
  }
  const std::string body = shown(services, *model);
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

Task<Status> register_model(const ModelServices& services, Exchange& exchange, const RouteMatch&) {
  Result<std::string_view> body = co_await read_small_body(exchange);
  if (!body) co_return failure(std::move(body.error()));
  Result<models::Registry::Registration> registration =
      read_registration(*body, exchange.server().limits.json());
  if (!registration) co_return failure(std::move(registration.error()));
  Result<std::shared_ptr<const models::Model>> model =
      services.registry.add(*registration, exchange.loop().wall());
  if (!model) co_return failure(std::move(model.error()));
  const std::string answer = shown(services, **model);
  co_return co_await exchange.responder().respond(200, kJsonType, answer);
}

Task<Status> remove_model(const ModelServices& services, Exchange& exchange,
                          const RouteMatch& match) {
  Status removed = services.registry.remove(decoded_id(match));
  if (!removed) co_return failure(std::move(removed.error()));
  co_return co_await exchange.responder().respond(200, kJsonType, "null");
}

constexpr std::string_view kModelPath = "/v1/models/{model_id:path}";

constexpr std::array<RouteRow<ModelServices>, 4> kModelRoutes = {{
    {{"GET", "/v1/models"}, list_models},
    {{"POST", "/v1/models", Access::kAdmin}, register_model},
    {{"GET", kModelPath}, show_model},
    {{"DELETE", kModelPath, Access::kAdmin}, remove_model},
}};

}  // namespace

std::span<const RouteRow<ModelServices>> model_routes() {
  return kModelRoutes;
}

}  // namespace penstock::gateway
