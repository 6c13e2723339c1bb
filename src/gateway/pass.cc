#include "gateway/pass.h"

#include <optional>
#include <utility>

#include "gateway/answer_hold.h"
#include "gateway/ask_upstream.h"
#include "gateway/caller_data.h"
#include "gateway/choose.h"
#include "gateway/content.h"
#include "gateway/passing_path.h"
#include "gateway/pin_tap.h"
#include "gateway/relay.h"
#include "gateway/request_timeouts.h"
#include "gateway/routed_pass.h"
#include "gateway/tell_of_upstream.h"
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

// Attempt and relay, for a model that one provider serves. Its functions are called in this order.
// What every request needs is no coroutine of its own: it hands on the task of the next phase.
class DirectPass {
 public:
  DirectPass(const PassedRequest& request, const models::Catalog::Target& target)
      : request_(request),
        target_(target),
        scope_{.exchange = request.exchange,
               .stop = &request.exchange.client().gone(),
               .deadline = request.exchange.client().deadline(),
               .timeouts = request.upstreams.providers[target.provider]->timeouts()},
        names_(*request.catalog, target.provider) {
    shortened_ = shorten(scope_.timeouts, request.exchange.client().request().fields);
    request.exchange.limit_to(scope_.timeouts.request);
  }
  DirectPass(const DirectPass&) = delete;
  DirectPass& operator=(const DirectPass&) = delete;

  // Fails if a further model of the body is not the provider's.
  Status prepare() {
    if (request_.fields.more_names.empty()) return {};
    Result<std::vector<std::string>> further = further_models(request_, target_.provider);
    if (!further) return failure(std::move(further.error()));
    further_ = std::move(*further);
    return {};
  }
  Task<Status> ask() {
    began_at_ = request_.exchange.loop().now();
    const bool is_named_earlier = request_.exchange.passing().model_named == ModelNamed::kEarlier;
    // A member: the task begins after this call.
    attempt_ = {.provider = target_.provider,
                .model = target_.upstream_model,
                .further_models = further_,
                .names = is_named_earlier ? &names_ : nullptr};
    return ask_upstream(scope_, request_, attempt_, asked_);
  }
  // What the log is told of the upstream.
  void tell_of_upstream(const Status& asked) const {
    const providers::Provider& provider = *request_.upstreams.providers[target_.provider];
    const SteadyTime now = request_.exchange.loop().now();
    if (asked) return provider.request_answered(now);
    tell_of_failure(provider, asked.error(), shortened_, now);
  }
  // Whether a time limit is set for the first content.
  bool awaits_content() const {
    return scope_.timeouts.first_token.count() > 0 && asked_.answer->has_body();
  }
  Task<Status> await_first_content() {
    const config::HoldRules rules;
    UpstreamAnswer& answer = *asked_.answer;
    AnswerHold hold(answer, rules, began_at_ + scope_.timeouts.first_token);
    Status held = co_await hold.await();
    if (!held) co_return held;
    AnswerStart& start = hold.start();
    if (start.kind == AnswerStart::Kind::kError) answer.becomes_error(std::move(start.error));
    co_return Status{};
  }
  Task<Status> pass_on() {
    UpstreamAnswer& answer = *asked_.answer;
    answer.set_tap(pin_tap_for(request_, {.provider = target_.provider}, answer.kind()));
    return relay(request_.exchange, answer);
  }
  // After all of it: what came of this attempt, which is the last of those along a route.
  void tell(const Status& done);

 private:
  std::optional<routing::FailureClass> failure_of(const Status& done);

  const PassedRequest& request_;
  const models::Catalog::Target& target_;
  AttemptScope scope_;
  Shortened shortened_ = Shortened::kNo;
  const NamesInCatalog names_;
  std::vector<std::string> further_;
  SteadyTime began_at_{};
  AttemptTarget attempt_;
  Asked asked_;
};

void DirectPass::tell(const Status& done) {
  ExchangeFacts& facts = request_.exchange.facts();
  TargetAttemptFacts& attempt = facts.targets_asked[facts.targets_asked.count() - 1];
  const SteadyTime ended =
      facts.first_byte ? facts.started + *facts.first_byte : request_.exchange.loop().now();
  attempt.duration = duration_cast<std::chrono::microseconds>(ended - attempt.began);
  attempt.failure = failure_of(done);
  if (asked_.answer) attempt.status = asked_.answer->status();
}

std::optional<routing::FailureClass> DirectPass::failure_of(const Status& done) {
  using routing::AttemptPhase;
  if (!done && !asked_.answer) return routing::classify(done.error(), scope_.phase_of_asking());
  if (!done) {
    const bool has_begun = request_.exchange.facts().first_byte.has_value();
    return routing::classify(done.error(),
                             has_begun ? AttemptPhase::kBody : AttemptPhase::kFirstContent);
  }
  UpstreamAnswer& answer = *asked_.answer;
  std::string_view error = answer.first_error();
  if (answer.is_error() && answer.has_text()) error = answer.text();
  if (answer.is_error() || !error.empty()) {
    const bool operators_key = !asked_.call->key().is_callers();
    return routing::classify(
        {.status = answer.status(), .text = error, .operators_key = operators_key}, {});
  }
  const bool broke_off = answer.has_body() && answer.body().saw_error();
  return broke_off ? std::optional(routing::FailureClass::kBrokenStream) : std::nullopt;
}

// After a model's route, of which nobody could answer.
void go_to_fallback(Exchange& exchange, const models::Catalog::Target& target) {
  exchange.set_answering(target.provider, target.upstream_model);
  ExchangeFacts& facts = exchange.facts();
  facts.targets_asked.add(target.provider, facts.upstream_model.view(), exchange.loop().now());
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
  if (exchange.is_charged()) {
    Status reserved = exchange.reserve(*body);
    if (!reserved) co_return failure(std::move(reserved.error()));
  }
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
  if (choice->route != nullptr) {
    std::optional<models::Catalog::Target> other;
    Status passed = co_await RoutedPass::run(request, *choice, other);
    if (!other) co_return passed;
    choice->target = *other;
    go_to_fallback(exchange, *other);
  }
  DirectPass direct(request, choice->target);
  Status done = direct.prepare();
  if (done) {
    done = co_await direct.ask();
    direct.tell_of_upstream(done);
  }
  if (done && direct.awaits_content()) done = co_await direct.await_first_content();
  if (done) done = co_await direct.pass_on();
  if (choice->route != nullptr) direct.tell(done);
  co_return done;
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
