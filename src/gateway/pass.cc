#include "gateway/pass.h"

#include <optional>
#include <utility>

#include "gateway/ask_upstream.h"
#include "gateway/caller_data.h"
#include "gateway/choose.h"
#include "gateway/content.h"
#include "gateway/passing_path.h"
#include "gateway/relay.h"
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
    Status understood = co_await understand(exchange, *body, fields);
    if (!understood) co_return failure(std::move(understood.error()));
  }

  // Choose.
  Result<Choice> choice = choose(upstreams, exchange, match, fields);
  if (!choice) co_return failure(std::move(choice.error()));
  providers::Provider& provider = *upstreams.providers[choice->target.provider];
  auto data = caller_data(exchange.client().request().fields, exchange.server().limits.json());
  if (!data) co_return failure(std::move(data.error()));
  const providers::ProviderData* caller = data->has_value() ? &**data : nullptr;
  Result<providers::Call> call = provider.call(caller, exchange.passing().surface);
  if (!call) co_return failure(std::move(call.error()));
  exchange.facts().shows_operators_credential = call->shows_operators_credential();

  // Attempt.
  http::ServerExchange& client = exchange.client();
  AttemptScope scope{exchange, client.gone(), client.deadline(), provider.timeouts()};
  const BodyToSend to_send{*body, fields, choice->target.upstream_model, choice->further_models};
  Result<Answered> answered = co_await ask_upstream(scope, match, provider, *call, caller, to_send);
  if (!answered) co_return failure(std::move(answered.error()));

  // Relay.
  const NamesInCatalog names(*choice->catalog, choice->target.provider);
  const bool is_named_earlier = exchange.passing().model_named == ModelNamed::kEarlier;
  UpstreamAnswer answer(scope, provider, std::move(*answered), is_named_earlier ? &names : nullptr);
  Status relayed = co_await relay(exchange, answer);
  co_return relayed;
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
