#include "gateway/inference.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/text.h"
#include "gateway/caller_data.h"
#include "gateway/content.h"
#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "gateway/relay.h"
#include "gateway/route_table.h"
#include "http/body_memory.h"
#include "net/next_turn.h"
#include "providers/redirect.h"
#include "wire/bodies/body_edits.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {
namespace {

using http::FieldName;

// More edits of a body than these are made in memory; these are gathered when it is sent.
constexpr std::size_t kEditsGathered = 2;
static_assert(2 * kEditsGathered + 1 <= http::UpstreamConnection::kBodyPiecesMax);
using wire::Api;

// The reference's words. Only a stated type is compared with a request: plain services list all
// their models as llm, whatever they are.
Status check_type(const models::Catalog::Target& target, std::string_view name,
                  std::string_view wanted) {
  const models::Model* model = target.model;
  if (model == nullptr || !model->type_is_stated || model->type == wanted) return {};
  return failure(Error::client(ErrorKind::kInvalidRequest, "Model '" + std::string(name) +
                                                               "' is of type '" + model->type +
                                                               "' rather than the expected type '" +
                                                               std::string(wanted) + "'"));
}

// What the provider has set has precedence.
void add_own_fields(http::FieldBlock& out, const Exchange& exchange) {
  const http::Fields& given = exchange.client().request().fields;
  const auto add = [&](FieldName known_name, std::string_view name, std::string_view value) {
    if (!out.has(known_name)) out.add(known_name, name, value);
  };
  add(FieldName::kContentType, "Content-Type",
      given.find(FieldName::kContentType).value_or(kJsonType));
  add(FieldName::kAccept, "Accept", given.find(FieldName::kAccept).value_or("*/*"));
  add(FieldName::kXRequestId, "x-request-id", exchange.facts().request_id.view());
}

Repeatable may_be_repeated(const Exchange& exchange, const providers::Passthrough& provider) {
  return provider.settings().retry_stale_connection ? exchange.passing().repeatable
                                                    : Repeatable::kNo;
}

// The path is the route's own. Of the client's target, only the query passes.
std::string_view query_of(std::string_view target) {
  const std::size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// Below the base URL.
std::string_view upstream_path(const Exchange& exchange) {
  constexpr std::string_view kVersion = "/v1";
  return exchange.route().path.substr(kVersion.size());
}

// What the upstream calls the further models that the body names, quoted. All of them must lead to
// the first one's provider: the request goes to one.
Result<std::vector<std::string>> further_names(const models::Catalog& catalog,
                                               const models::Catalog::Target& first,
                                               const wire::RequestFields& fields) {
  std::vector<std::string> names;
  for (const std::string& name : fields.more_names) {
    Result<models::Catalog::Target> target = catalog.route(name);
    if (!target) return failure(std::move(target.error()));
    if (target->provider != first.provider) {
      return failure(Error::client(ErrorKind::kInvalidRequest,
                                   "The models that the body names are of different providers; "
                                   "send a request to each."));
    }
    names.push_back(json_quoted(target->upstream_model));
  }
  return names;
}

// `first` and `further` are the upstream's names, quoted.
wire::BodyEdits model_edits(const wire::RequestFields& fields, std::string_view first,
                            std::span<const std::string> further) {
  wire::BodyEdits edits;
  for (const wire::ModelPlace& place : fields.places()) {
    edits.replace(place.begin, place.end,
                  place.name == 0 ? first : std::string_view(further[place.name - 1]));
  }
  return edits;
}

// A body with more edits than one write gathers, edited in memory of its own.
Result<http::BodyMemory> edited_body(std::string_view body, const wire::BodyEdits& edits,
                                     http::BodyBudget& budget) {
  http::BodyMemory edited(budget);
  if (!edited.make_room(edits.bytes_of(body))) return failure(http::no_memory_for_bodies());
  edits.for_each_piece(body, [&](std::string_view piece) {
    std::ranges::copy(piece, edited.room().begin());
    edited.add(piece.size());
  });
  return edited;
}

// The body is sent unchanged around the models' names. A separate coroutine, so that the written
// request is not kept while the answer arrives.
Task<Result<Answered>> ask_upstream(Exchange& exchange, providers::Passthrough& provider,
                                    const providers::Passthrough::Route& route,
                                    const providers::ProviderData* caller, std::string_view body,
                                    const wire::RequestFields& fields,
                                    std::span<const std::string> further) {
  http::ScratchPool& scratch = exchange.context().scratch;
  http::ScratchPool::Text target(scratch);
  http::FieldBlock head_fields(scratch);
  http::ScratchPool::Text model(scratch);
  append_json_quoted(*model, exchange.facts().upstream_model.view());
  wire::BodyEdits edits = model_edits(fields, *model, further);
  std::optional<http::BodyMemory> edited;
  if (edits.count() > kEditsGathered) {
    Result<http::BodyMemory> done = edited_body(body, edits, exchange.client().bodies());
    if (!done) co_return failure(std::move(done.error()));
    body = edited.emplace(std::move(*done)).view();
    edits = {};
  }
  provider.append_target(*target, upstream_path(exchange), route,
                         query_of(exchange.client().request().target));
  provider.add_fields(head_fields, route, caller);
  add_own_fields(head_fields, exchange);
  http::Pieces pieces;
  edits.for_each_piece(body, [&](std::string_view piece) { pieces.add(piece); });
  for (int redirects = 0;; ++redirects) {
    const http::RequestToSend request{"POST", *target, head_fields};
    auto answered = co_await forward(exchange, provider, route.pool(), request, pieces,
                                     may_be_repeated(exchange, provider));
    if (!answered || !providers::is_redirect(answered->head->status)) co_return std::move(answered);
    const int status = answered->head->status;
    exchange.facts().attempts.last().status = status;
    Result<std::string> next = provider.follow(*answered->head, route, *target);
    if (next && redirects == providers::kRedirectsMax) {
      next = failure(providers::too_many_redirects(status));
    }
    if (!next) {
      exchange.facts().attempts.last().error = next.error().kind;
      co_return failure(std::move(next.error()));
    }
    answered->upstream.finish_unread();
    *target = std::move(*next);
  }
}

// Reads the body in slices, between which other requests get their turn, and tells the exchange the
// requested model. A separate coroutine, so that the reader is gone before the answer.
Task<Result<wire::RequestFields>> read_fields(Exchange& exchange, std::string_view body) {
  // A few milliseconds, whatever the body contains.
  constexpr std::size_t kSliceWork = 500'000;
  const config::Limits& limits = exchange.context().settings.server.limits;
  wire::RequestReader reader(
      body,
      {.keys = limits.body_keys, .depth = limits.body_depth, .model_bytes = limits.model_bytes},
      exchange.passing().shape);
  std::optional<Result<wire::RequestFields>> fields = reader.proceed(kSliceWork);
  while (!fields) {
    co_await net::next_turn(exchange.context().loop);
    fields = reader.proceed(kSliceWork);
  }
  if (*fields) exchange.facts().model.assign(reader.model());
  co_return *std::move(fields);
}

// Everything that can fail; infer() turns the error into an answer.
Task<Status> infer_or_fail(Exchange& exchange) {
  Context& context = exchange.context();
  http::ServerExchange& connection = exchange.client();
  const http::RequestHead& request = connection.request();

  // Understand.
  Result<std::string_view> body = co_await read_content(exchange);
  if (!body) co_return failure(std::move(body.error()));
  Result<wire::RequestFields> fields = co_await read_fields(exchange, *body);
  if (!fields) co_return failure(std::move(fields.error()));

  // Choose. This snapshot is used to the end, whatever is published meanwhile.
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  Result<models::Catalog::Target> target = catalog->route(exchange.facts().model.view());
  if (!target) co_return failure(std::move(target.error()));
  exchange.set_target(*target);
  Status typed = check_type(*target, exchange.facts().model.view(), exchange.passing().model_type);
  if (!typed) co_return failure(std::move(typed.error()));
  providers::Passthrough& provider = *context.providers[target->provider];
  auto data = caller_data(request.fields, context.settings.server.limits.json());
  if (!data) co_return failure(std::move(data.error()));
  const providers::ProviderData* caller = data->has_value() ? &**data : nullptr;
  Result<providers::Passthrough::Route> route = provider.route(caller);
  if (!route) co_return failure(std::move(route.error()));
  exchange.facts().shows_operators_credential = route->shows_operators_credential();

  Result<std::vector<std::string>> further = further_names(*catalog, *target, *fields);
  if (!further) co_return failure(std::move(further.error()));

  // Attempt.
  Result<Answered> answered =
      co_await ask_upstream(exchange, provider, *route, caller, *body, *fields, *further);
  if (!answered) co_return failure(std::move(answered.error()));

  // Relay.
  Status relayed = co_await relay(exchange, provider, *answered);
  if (!relayed) co_return failure(std::move(relayed.error()));
  answered->upstream.finish();
  co_return Status{};
}

// Answers the request, or leaves the connection to be cut if no answer is possible any more.
Task<void> infer(Context&, Exchange& exchange, const RouteMatch&) {
  Status done = co_await infer_or_fail(exchange);
  if (!done) co_await exchange.responder().fail(std::move(done.error()));
}

constexpr Passing passing_to(std::string_view model_type) {
  return {.model_type = model_type, .repeatable = Repeatable::kYes};
}

constexpr std::array<RouteRow<Context>, 3> kRoutes = {{
    {{"POST", "/v1/chat/completions", Access::kKeyed, passing_to("llm"), Api::kCompletions}, infer},
    {{"POST", "/v1/completions", Access::kKeyed, passing_to("llm"), Api::kCompletions}, infer},
    {{"POST", "/v1/embeddings", Access::kKeyed, passing_to("embedding")}, infer},
}};

}  // namespace

std::span<const RouteRow<Context>> inference_routes() {
  return kRoutes;
}

}  // namespace penstock::gateway
