#include "gateway/pass.h"

#include <optional>
#include <utility>

#include "gateway/any_path.h"
#include "gateway/ask_upstream.h"
#include "gateway/caller_data.h"
#include "gateway/choose.h"
#include "gateway/relay.h"
#include "gateway/understand.h"

namespace penstock::gateway {
namespace {

// Everything that can fail; pass() turns the error into an answer.
Task<Status> pass_or_fail(Context& context, Exchange& exchange, const RouteMatch& match) {
  // Understand.
  Result<Understood> understood = co_await understand(exchange);
  if (!understood) co_return failure(std::move(understood.error()));

  // Choose.
  Result<Choice> choice = choose(context, exchange, match, understood->fields);
  if (!choice) co_return failure(std::move(choice.error()));
  providers::Passthrough& provider = *context.providers[choice->target.provider];
  auto data =
      caller_data(exchange.client().request().fields, context.settings.server.limits.json());
  if (!data) co_return failure(std::move(data.error()));
  const providers::ProviderData* caller = data->has_value() ? &**data : nullptr;
  Result<providers::Passthrough::Route> route = provider.route(caller, exchange.passing().surface);
  if (!route) co_return failure(std::move(route.error()));
  exchange.facts().shows_operators_credential = route->shows_operators_credential();

  // Attempt.
  Result<Answered> answered = co_await ask_upstream(exchange, match, provider, *route, caller,
                                                    *understood, choice->further_models);
  if (!answered) co_return failure(std::move(answered.error()));

  // Relay.
  Status relayed = co_await relay(exchange, provider, *answered);
  if (!relayed) co_return failure(std::move(relayed.error()));
  answered->upstream.finish();
  co_return Status{};
}

}  // namespace

Task<void> pass(Context& context, Exchange& exchange, const RouteMatch& match) {
  Status done = co_await pass_or_fail(context, exchange, match);
  if (!done) co_await exchange.responder().fail(std::move(done.error()));
}

Task<void> pass_any_path(Context& context, Exchange& exchange, const RouteMatch& match) {
  Status allowed = check_any_path(match.path, context.settings.providers[*match.provider]);
  if (!allowed) co_return co_await exchange.responder().fail(std::move(allowed.error()));
  co_await pass(context, exchange, match);
}

}  // namespace penstock::gateway
