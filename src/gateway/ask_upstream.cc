#include "gateway/ask_upstream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/text.h"
#include "http/body_memory.h"
#include "providers/redirect.h"
#include "wire/bodies/body_edits.h"

namespace penstock::gateway {
namespace {

// More edits of a body than these are made in memory; these are gathered when it is sent.
constexpr std::size_t kEditsGathered = 2;

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

Repeatable may_be_repeated(const Exchange& exchange, const providers::Provider& provider) {
  return provider.settings().retry_stale_connection ? exchange.passing().repeatable
                                                    : Repeatable::kNo;
}

// A HEAD asks for what GET would answer; the client's side leaves the body out.
std::string_view upstream_method(std::string_view method) {
  return method == "HEAD" ? std::string_view("GET") : method;
}

}  // namespace

Task<Status> ask_upstream(AttemptScope& scope, const PassedRequest& passed,
                          const AttemptTarget& asked_target, Asked& asked) {
  Exchange& exchange = scope.exchange;
  providers::Provider& provider = *passed.upstreams.providers[asked_target.provider];
  scope.provider = asked_target.provider;
  Result<providers::Call> made = provider.call(passed.caller, exchange.passing().surface);
  if (!made) co_return failure(std::move(made.error()));
  const providers::Call& call = asked.call.emplace(std::move(*made));
  http::ScratchPool& scratch = exchange.scratch();
  http::ScratchPool::Text target(scratch);
  http::FieldBlock fields(scratch);
  http::ScratchPool::Text model(scratch);
  append_json_quoted(*model, asked_target.model);
  std::string_view body = passed.body;
  wire::BodyEdits edits = model_edits(passed.fields, *model, asked_target.further_models);
  std::optional<http::BodyMemory> edited;
  if (edits.count() > kEditsGathered) {
    Result<http::BodyMemory> done = edited_body(body, edits, exchange.client().bodies());
    if (!done) co_return failure(std::move(done.error()));
    body = edited.emplace(std::move(*done)).view();
    edits = {};
  }
  const std::string_view method = upstream_method(exchange.facts().method.view());
  provider.write_head({.path = passed.match.path,
                       .query = passed.match.query,
                       .surface = exchange.passing().surface,
                       .client_fields = &exchange.client().request().fields,
                       .request_id = exchange.facts().request_id.view(),
                       .has_body = !body.empty(),
                       .data = passed.caller},
                      call, *target, fields);
  http::Pieces pieces;
  edits.for_each_piece(body, [&](std::string_view piece) { pieces.add(piece); });
  for (int redirects = 0;; ++redirects) {
    const http::RequestToSend request{method, *target, fields};
    auto answered =
        co_await forward(scope, call.pool(), request, pieces, may_be_repeated(exchange, provider));
    if (!answered) co_return failure(std::move(answered.error()));
    const int status = answered->head->status;
    if (!providers::is_redirect(status)) {
      asked.answer.emplace(scope, provider, call.shows_operators_credential(), std::move(*answered),
                           asked_target.names);
      co_return Status{};
    }
    Result<std::string> next = provider.follow(*answered->head, call, *target);
    if (next && redirects == providers::kRedirectsMax) {
      next = failure(providers::too_many_redirects(status));
    }
    if (!next) {
      scope.facts->error = next.error().kind;
      co_return failure(std::move(next.error()));
    }
    answered->upstream.finish_unread();
    *target = std::move(*next);
  }
}

}  // namespace penstock::gateway
