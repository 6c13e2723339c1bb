#include "gateway/target_attempt.h"

#include <utility>

#include "gateway/await_content.h"
#include "gateway/choose.h"
#include "gateway/pin_tap.h"
#include "routing/cooldown_hint.h"
#include "wire/apis/error_event.h"

namespace penstock::gateway {

using routing::AttemptPhase;

TargetAttempt::TargetAttempt(const PassedRequest& request, const routing::ModelRoute& route,
                             routing::Lease lease, const Options& options)
    : request_(request),
      route_(route),
      lease_(std::move(lease)),
      target_(*route.members()[lease_.position()].settings),
      options_(options),
      facts_(request.exchange.facts().targets_asked.add(
          {.provider = target_.provider,
           .model = target_.model,
           .began = lease_.begun(),
           .wait = duration_cast<std::chrono::microseconds>(options.waited)})),
      deadline_(request.exchange.loop()),
      scope_{.exchange = request.exchange,
             .stop = options.is_raced ? &stop_ : &request.exchange.client().gone(),
             .deadline = deadline_,
             .timeouts = options.timeouts} {}

Task<void> TargetAttempt::run() {
  co_await run_phases();
  facts_.failure = failure_;
  facts_.duration =
      duration_cast<std::chrono::microseconds>(request_.exchange.loop().now() - facts_.began);
  if (asked_.answer) facts_.status = asked_.answer->status();
  // An error that is passed on has been read.
  if (failure_) drop_answer();
  if (failure_ && is_callers_doing()) lease_.excuse();
  ended_.raise();
}

void TargetAttempt::drop_answer() {
  if (asked_.answer) asked_.answer->stop_reading();
}

Task<void> TargetAttempt::run_phases() {
  Status asked = co_await ask();
  if (!asked) {
    const bool is_connected = scope_.facts != nullptr && scope_.facts->connect.has_value();
    fail(std::move(asked.error()), is_connected ? AttemptPhase::kHead : AttemptPhase::kConnect);
  } else if (asked_.answer->is_error()) {
    co_await read_refusal();
  } else {
    co_await await_start();
  }
}

Task<void> TargetAttempt::run_raced() {
  try {
    co_await run();
  } catch (...) {
    exception_ = std::current_exception();
  }
  ended_.raise();
}

void TargetAttempt::rethrow() const {
  if (exception_) std::rethrow_exception(exception_);
}

Task<Status> TargetAttempt::ask() {
  Result<std::vector<std::string>> further = further_models(request_, target_.provider);
  if (!further) co_return failure(std::move(further.error()));
  const std::string_view asked_model = request_.exchange.facts().model.view();
  const AttemptTarget target{
      .provider = target_.provider,
      .model = target_.model.empty() ? asked_model : std::string_view(target_.model),
      .further_models = *further};
  Status asked = co_await ask_upstream(scope_, request_, target, asked_);
  if (!asked) co_return asked;
  UpstreamAnswer& answer = *asked_.answer;
  answer.set_tap(
      pin_tap_for(request_, {.provider = target.provider, .model = target.model}, answer.kind()));
  co_return Status{};
}

// The text says what kind of error it is, and it is needed whole if it is passed on.
Task<void> TargetAttempt::read_refusal() {
  UpstreamAnswer& answer = *asked_.answer;
  Status read = co_await answer.read_error();
  if (!read) {
    fail(std::move(read.error()), AttemptPhase::kBody);
  } else {
    refuse(answer.status(), answer.text());
  }
}

Task<void> TargetAttempt::await_start() {
  UpstreamAnswer& answer = *asked_.answer;
  Status readable = answer.check_coding();
  if (!readable) {
    fail(std::move(readable.error()), AttemptPhase::kHead);
    co_return;
  }
  const bool waits = options_.holds || options_.timeouts.first_token.count() > 0;
  if (!waits || !answer.has_body()) co_return;
  SteadyTime until = net::Deadline::kNever;
  if (options_.timeouts.first_token.count() > 0) {
    until = lease_.begun() + options_.timeouts.first_token;
  }
  Result<AnswerStart> start = co_await await_content(answer, route_.rules().hold, until);
  if (!start) {
    fail(std::move(start.error()), AttemptPhase::kFirstContent);
  } else if (start->kind == AnswerStart::Kind::kError) {
    answer.becomes_error(std::move(start->error));
    refuse(answer.status(), answer.first_error());
  } else {
    has_content_ = true;
  }
}

void TargetAttempt::fail(Error error, AttemptPhase phase) {
  failure_ = routing::classify(error, phase);
  error_ = std::move(error);
}

void TargetAttempt::refuse(int status, std::string_view text) {
  const config::RouteRules& rules = route_.rules();
  failure_ = routing::classify(
      {.status = status, .text = text, .operators_key = !has_callers_key()}, rules.retry);
  const http::FieldBlock& fields = asked_.answer->fields();
  const auto field = [&fields](std::string_view name) { return fields.find(name); };
  told_ = routing::cooldown_hint(field, rules.cooldown.read_message ? text : std::string_view(),
                                 request_.exchange.loop().wall());
}

bool TargetAttempt::has_callers_key() const {
  return asked_.call && asked_.call->key().is_callers();
}

void TargetAttempt::has_lost() {
  const bool failed_itself = failure_ && *failure_ != routing::FailureClass::kGone;
  facts_.lost_race = !failed_itself;
}

void TargetAttempt::broke_off() {
  facts_.failure = routing::FailureClass::kBrokenStream;
}

// A limit that the client has shortened, or its own account: no other client has to do with it.
bool TargetAttempt::is_callers_doing() const {
  using routing::FailureClass;
  switch (*failure_) {
    case FailureClass::kTimeoutConnect:
    case FailureClass::kTimeoutFirstByte:
    case FailureClass::kTimeoutFirstToken:
      return options_.is_hurried;
    case FailureClass::kRateLimited:
    case FailureClass::kNotHere:
      return has_callers_key();
    default:
      return false;
  }
}

void TargetAttempt::has_won() {
  scope_.stop = &request_.exchange.client().gone();
}

}  // namespace penstock::gateway
