#include "gateway/target_attempt.h"

#include <memory>
#include <string>
#include <utility>

#include "gateway/answer_hold.h"
#include "gateway/choose.h"
#include "gateway/pin_tap.h"
#include "gateway/tell_of_upstream.h"
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
      facts_(request.exchange.facts().targets_asked.add(target_.provider, target_.model,
                                                        lease_.begun())),
      deadline_(request.exchange.loop()),
      scope_{.exchange = request.exchange,
             .stop = options.is_raced ? &stop_ : &request.exchange.client().gone(),
             .deadline = deadline_,
             .timeouts = options.timeouts} {
  facts_.wait = duration_cast<std::chrono::microseconds>(options.waited);
}

Task<Status> TargetAttempt::ask() {
  return ask_upstream(scope_, request_, asked_target_, asked_);
}

TargetAttempt::Left TargetAttempt::take(Status asked) {
  if (!asked) {
    fail(std::move(asked.error()), scope_.phase_of_asking());
  } else if (asked_.answer->is_error()) {
    return Left::kMore;
  } else if (Status begun = begin_answer(); !begun) {
    fail(std::move(begun.error()), AttemptPhase::kHead);
  } else if (holds_start()) {
    hold_.emplace(*asked_.answer, route_.rules().hold, content_until());
    Status held = hold_->take_what_is_there();
    if (held && !hold_->is_over()) return Left::kMore;
    end_hold(std::move(held));
  }
  end();
  return Left::kNothing;
}

Task<void> TargetAttempt::take_more() {
  if (hold_) {
    Status held = co_await hold_->await();
    end_hold(std::move(held));
  } else {
    Status read = co_await asked_.answer->read_error();
    take_refusal(std::move(read));
  }
  end();
}

void TargetAttempt::end() {
  facts_.failure = failure_;
  facts_.duration =
      duration_cast<std::chrono::microseconds>(request_.exchange.loop().now() - facts_.began);
  if (asked_.answer) facts_.status = asked_.answer->status();
  // An error that is passed on has been read.
  if (failure_) drop_answer();
  if (failure_ && is_callers_doing()) lease_.excuse();
  tell_of_upstream();
  ended_.raise();
}

void TargetAttempt::drop_answer() {
  if (asked_.answer) asked_.answer->stop_reading();
}

Task<void> TargetAttempt::run_raced() {
  try {
    Status asked = prepare();
    if (asked) asked = co_await ask();
    if (take(std::move(asked)) == Left::kMore) co_await take_more();
  } catch (...) {
    exception_ = std::current_exception();
  }
  ended_.raise();
}

void TargetAttempt::rethrow() const {
  if (exception_) std::rethrow_exception(exception_);
}

// Whom to ask. Fails if a further model of the body is not the provider's.
Status TargetAttempt::prepare() {
  if (!request_.fields.more_names.empty()) {
    Result<std::vector<std::string>> further = further_models(request_, target_.provider);
    if (!further) return failure(std::move(further.error()));
    further_models_ = std::move(*further);
  }
  const std::string_view asked_model = request_.exchange.facts().model.view();
  asked_target_ = {.provider = target_.provider,
                   .model = target_.model.empty() ? asked_model : std::string_view(target_.model),
                   .further_models = further_models_};
  return {};
}

// The text says what kind of error it is, and it is needed whole if it is passed on.
void TargetAttempt::take_refusal(Status read) {
  if (!read) return fail(std::move(read.error()), AttemptPhase::kBody);
  refuse(asked_.answer->status(), asked_.answer->text());
}

// The head of an answer that is no error has come.
Status TargetAttempt::begin_answer() {
  UpstreamAnswer& answer = *asked_.answer;
  answer.set_tap(pin_tap_for(request_, {.provider = target_.provider, .model = asked_target_.model},
                             answer.kind()));
  return answer.check_coding();
}

bool TargetAttempt::holds_start() const {
  const bool waits = options_.holds || options_.timeouts.first_token.count() > 0;
  return waits && asked_.answer->has_body();
}

SteadyTime TargetAttempt::content_until() const {
  const std::chrono::milliseconds limit = options_.timeouts.first_token;
  return limit.count() > 0 ? lease_.begun() + limit : net::Deadline::kNever;
}

void TargetAttempt::end_hold(Status held) {
  if (!held) return fail(std::move(held.error()), AttemptPhase::kFirstContent);
  AnswerStart& start = hold_->start();
  has_content_ = start.kind == AnswerStart::Kind::kContent;
  if (has_content_) return;
  UpstreamAnswer& answer = *asked_.answer;
  answer.becomes_error(std::move(start.error));
  refuse(answer.status(), answer.first_error());
}

void TargetAttempt::fail(Error error, AttemptPhase phase) {
  failure_ = routing::classify(error, phase);
  error_ = std::move(error);
}

void TargetAttempt::refuse(int status, std::string_view text) {
  const config::RouteRules& rules = route_.rules();
  const http::FieldBlock& fields = asked_.answer->fields();
  const auto field = [&fields](std::string_view name) { return fields.find(name); };
  failure_ = routing::classify(
      {.status = status, .text = text, .operators_key = !has_callers_key(), .field = field},
      rules.retry);
  told_ = routing::cooldown_hint(field, rules.cooldown.read_message ? text : std::string_view(),
                                 request_.exchange.loop().wall());
}

bool TargetAttempt::forbids_repetition() {
  return asked_.answer && asked_.answer->fields().find("x-should-retry") == "false";
}

bool TargetAttempt::has_callers_key() const {
  return asked_.call && asked_.call->key().is_callers();
}

void TargetAttempt::has_lost() {
  const bool failed_itself = failure_ && *failure_ != routing::FailureClass::kGone;
  facts_.lost_race = !failed_itself;
  const bool spends = request_.exchange.passing().spends == Spends::kYes;
  if (failed_itself || !spends || !asked_.answer || !asked_.answer->has_body()) return;
  if (const std::optional<wire::Usage> usage = asked_.answer->body().usage()) {
    facts_.lost_usage = std::make_unique<const wire::Usage>(*usage);
  }
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

void TargetAttempt::tell_of_upstream() const {
  const providers::Provider& provider = *request_.upstreams.providers[target_.provider];
  const SteadyTime now = request_.exchange.loop().now();
  if (!failure_) return provider.request_answered(now);
  if (is_callers_doing()) return;
  if (error_) return tell_of_failure(provider, *error_, Shortened::kNo, now);
  if (!routing::rule_of(*failure_).counts_for_health) return;
  provider.request_failed(providers::UpstreamReport::Failure::kNoAnswer,
                          "the answer is " + std::to_string(facts_.status), now);
}

void TargetAttempt::has_won() {
  scope_.stop = &request_.exchange.client().gone();
}

}  // namespace penstock::gateway
