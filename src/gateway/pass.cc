#include "gateway/pass.h"

#include <optional>
#include <utility>

#include "gateway/ask_upstream.h"
#include "gateway/await_content.h"
#include "gateway/caller_data.h"
#include "gateway/choose.h"
#include "gateway/content.h"
#include "gateway/passing_path.h"
#include "gateway/pin_tap.h"
#include "gateway/relay.h"
#include "gateway/request_timeouts.h"
#include "gateway/routed_pass.h"
#include "gateway/understand.h"

namespace penstock::gateway {
namespace {

// What clients call a provider's models.
class NamesInCatalog final : public wire::ModelNames {
 public:
  NamesInCatalog(const models::Catalog& catalog, std::size_t provider)
      : catalog_(catalog), provider_(provider) {}

  std::optional<std::string> client_name(std::string_view upstream_model) const override {
    return catalog_.name_of(provider_, upstream_model);
  }

 private:
  const models::Catalog& catalog_;
  const std::size_t provider_;
};

// Until the first content, which a time limit is set for.
Task<Status> await_begin(UpstreamAnswer& answer, SteadyTime until) {
  const config::HoldRules hold;
  Result<AnswerStart> start = co_await await_content(answer, hold, until);
  if (!start) co_return failure(std::move(start.error()));
  if (start->kind == AnswerStart::Kind::kError) answer.becomes_error(std::move(start->error));
  co_return Status{};
}

// A coroutine of its own, so that other requests have no memory for it.
Task<Status> pass_along(const PassedRequest& request, routing::Chooser& chooser,
                        const routing::ModelRoute& route) {
  RoutedPass routed(request, chooser);
  co_return co_await routed.run(route);
}

}  // namespace

Task<Status> pass(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match) {
  // A path without placeholders is the route's own.
  if (match.endpoint->has_placeholders) {
    Status sound = check_passing_path(match.path);
    if (!sound) co_return sound;
  }

  // Understand.
  Result<std::string_view> body = co_await read_content(exchange);
  if (!body) co_return failure(std::move(body.error()));
  wire::RequestFields fields;
  if (exchange.passing().shape) {
    Status understood = co_await understand(exchange, *body, *exchange.passing().shape, fields);
    if (!understood) co_return failure(std::move(understood.error()));
  }

  // Choose.
  Result<Choice> choice = choose(upstreams, exchange, match, *body);
  if (!choice) co_return failure(std::move(choice.error()));
  auto data = caller_data(exchange.client().request().fields, exchange.server().limits.json());
  if (!data) co_return failure(std::move(data.error()));

  // Attempt and relay.
  const PassedRequest request{.upstreams = upstreams,
                              .exchange = exchange,
                              .match = match,
                              .body = *body,
                              .fields = fields,
                              .caller = data->has_value() ? &**data : nullptr,
                              .catalog = choice->catalog,
                              .only_provider = choice->only_provider};
  if (choice->route == nullptr) co_return co_await pass_to_target(request, choice->target);
  co_return co_await pass_along(request, *choice->chooser, *choice->route);
}

Task<Status> pass_to_target(const PassedRequest& request, const models::Catalog::Target& target) {
  Exchange& exchange = request.exchange;
  http::ServerExchange& client = exchange.client();
  Result<std::vector<std::string>> further = further_models(request, target.provider);
  if (!further) co_return failure(std::move(further.error()));
  AttemptScope scope{.exchange = exchange,
                     .stop = &client.gone(),
                     .deadline = client.deadline(),
                     .timeouts = request.upstreams.providers[target.provider]->timeouts()};
  shorten(scope.timeouts, client.request().fields);
  exchange.limit_to(scope.timeouts.request);
  const SteadyTime began_at = exchange.loop().now();
  const NamesInCatalog names(*request.catalog, target.provider);
  const bool is_named_earlier = exchange.passing().model_named == ModelNamed::kEarlier;
  Asked asked;
  Status answered = co_await ask_upstream(scope, request,
                                          {.provider = target.provider,
                                           .model = target.upstream_model,
                                           .further_models = *further,
                                           .names = is_named_earlier ? &names : nullptr},
                                          asked);
  if (!answered) co_return answered;
  UpstreamAnswer& answer = *asked.answer;
  answer.set_tap(pin_tap_for(request, {.provider = target.provider}, answer.kind()));
  if (scope.timeouts.first_token.count() > 0 && answer.has_body()) {
    Status began = co_await await_begin(answer, began_at + scope.timeouts.first_token);
    if (!began) co_return began;
  }
  co_return co_await relay(exchange, answer);
}

Task<Status> pass_any_path(const Upstreams& upstreams, Exchange& exchange,
                           const RouteMatch& match) {
  const config::Provider& provider = upstreams.settings[*match.provider];
  if (!provider.any_path) {
    Error error =
        Error::client(ErrorKind::kNotFound, "no such route; provider '" + provider.id +
                                                "' passes other paths only with any_path: true");
    co_return failure(std::move(error));
  }
  Status passed = co_await pass(upstreams, exchange, match);
  co_return passed;
}

}  // namespace penstock::gateway
