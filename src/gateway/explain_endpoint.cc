#include "gateway/explain_endpoint.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gateway/choose.h"
#include "gateway/content.h"
#include "gateway/exchange.h"
#include "gateway/passed_request.h"
#include "gateway/provider_choice.h"
#include "gateway/request_affinity.h"
#include "gateway/route_explanation.h"
#include "gateway/routed_pass.h"
#include "gateway/understand.h"
#include "http/query.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kUsualPath = "/v1/chat/completions";

// The route that a request in question would be sent to. Errors: kInvalidRequest.
Result<RouteMatch> asked_route(const RouteTable& routes, const std::string& path) {
  Result<RouteMatch> match = routes.match("POST", {.path = path, .query = {}});
  const bool passes = match && match->served != nullptr && match->served->route.passing &&
                      match->served->route.passing->shape;
  if (passes) return match;
  return failure(Error::client(ErrorKind::kInvalidRequest,
                               "path: POST " + path + " is no route whose requests name a model"));
}

// The model of the question: of its query, else of its body.
Task<Status> read_question(Exchange& exchange, const RouteMatch& question, const RouteMatch& asked,
                           std::string_view body, wire::RequestFields& fields) {
  const std::optional<std::string> model = http::query_parameter(question.query, "model");
  if (!model || !body.empty()) {
    wire::RequestShape shape = *asked.served->route.passing->shape;
    if (model) shape.model_is = wire::ModelIs::kOptional;
    Status understood = co_await understand(exchange, body, shape, fields);
    if (!understood) co_return understood;
  }
  if (model) exchange.facts().model.assign(*model);
  co_return Status{};
}

// Hidden routes are explained, too: fallbacks lead there.
const routing::ModelRoute* explained_route(const PassedRequest& request, std::string_view model) {
  const routing::Chooser* chooser = request.upstreams.chooser.get();
  const auto* open = route_of(chooser, *request.catalog, model, request.only_provider);
  if (open != nullptr || chooser == nullptr) return open;
  const routing::ModelRoute* route = chooser->router().find(model);
  return route != nullptr && route->settings().hidden ? route : nullptr;
}

Result<RouteExplanation> explanation_of(const PassedRequest& request) {
  const std::string_view model = request.exchange.facts().model.view();
  const std::shared_ptr<routing::Chooser>& chooser = request.upstreams.chooser;
  RouteExplanation explanation;
  if (const auto* route = explained_route(request, model)) {
    const routing::Asked asked = asked_of(request, affinity_of(request, *route));
    explanation = explain(*chooser, *route, asked, request.exchange.loop().now());
  } else {
    auto target = target_of(*request.catalog, request.only_provider, model);
    if (!target) return failure(std::move(target.error()));
    explanation.provider = request.upstreams.settings[target->provider].id;
    explanation.upstream_model = target->upstream_model;
  }
  explanation.model = model;
  explanation.asked_for = request.match.path;
  return explanation;
}

Task<Status> answer(Exchange& exchange, const RouteExplanation& explanation) {
  const http::Fields& head = exchange.client().request().fields;
  const std::string_view accept = head.find(http::FieldName::kAccept).value_or("");
  const bool is_text = accept.starts_with("text/plain");
  const std::string body = is_text ? explanation.text() : explanation.json();
  co_return co_await exchange.responder().respond(
      200, is_text ? "text/plain; charset=utf-8" : kJsonType, body);
}

Task<Status> explain_route(const ExplainServices& services, Exchange& exchange,
                           const RouteMatch& question) {
  const std::string path =
      http::query_parameter(question.query, "path").value_or(std::string(kUsualPath));
  Result<RouteMatch> asked = asked_route(services.routes, path);
  if (!asked) co_return failure(std::move(asked.error()));
  Result<std::string_view> body = co_await read_content(exchange);
  if (!body) co_return failure(std::move(body.error()));
  wire::RequestFields fields;
  Status read = co_await read_question(exchange, question, *asked, *body, fields);
  if (!read) co_return failure(std::move(read.error()));
  const http::Fields& head = exchange.client().request().fields;
  Result<std::optional<std::size_t>> named = named_provider(
      std::nullopt, head.find(http::FieldName::kXPenstockProvider), services.upstreams.settings);
  if (!named) co_return failure(std::move(named.error()));
  const std::shared_ptr<const models::Catalog> catalog = services.upstreams.catalog;
  const PassedRequest request{.upstreams = services.upstreams,
                              .exchange = exchange,
                              .match = *asked,
                              .body = *body,
                              .fields = fields,
                              .caller = nullptr,
                              .catalog = catalog,
                              .only_provider = *named};
  Result<RouteExplanation> explanation = explanation_of(request);
  if (!explanation) co_return failure(std::move(explanation.error()));
  co_return co_await answer(exchange, *explanation);
}

constexpr std::array<RouteRow<ExplainServices>, 1> kExplainRoutes = {{
    {{.method = "POST", .path = "/penstock/explain-route", .audience = Audience::kOperators},
     explain_route},
}};

}  // namespace

std::span<const RouteRow<ExplainServices>> explain_routes() {
  return kExplainRoutes;
}

}  // namespace penstock::gateway
