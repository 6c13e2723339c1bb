#include "gateway/routed_pass.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "gateway/choose.h"
#include "gateway/no_target.h"
#include "gateway/permitted.h"
#include "gateway/relay.h"
#include "gateway/request_timeouts.h"
#include "net/task_group.h"
#include "net/wait.h"
#include "routing/cooldown_hint.h"

namespace penstock::gateway {
namespace {

using OnPinnedDown = config::AffinityRules::OnPinnedDown;
using routing::FailureClass;
using routing::Step;
using routing::Verdict;

// After this, clients' libraries do not retry by themselves.
constexpr std::chrono::seconds kClientsWaitMax{120};

// Failures without an answer of the upstream's.
bool is_down(FailureClass failure) {
  switch (failure) {
    case FailureClass::kUnsent:
    case FailureClass::kLost:
    case FailureClass::kTimeoutConnect:
    case FailureClass::kTimeoutFirstByte:
    case FailureClass::kTimeoutFirstToken:
      return true;
    default:
      return false;
  }
}

bool is_upstreams_fault(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kUpstreamReset:
    case ErrorKind::kUpstreamTimeout:
    case ErrorKind::kUpstreamInvalidResponse:
      return true;
    default:
      return false;
  }
}

}  // namespace

routing::Asked asked_of(const PassedRequest& request, const RequestAffinity& affinity) {
  routing::Asked asked;
  asked.family = request.match.served->route.passing->family;
  asked.affinity_key = affinity.key;
  asked.only_provider = request.only_provider;
  asked.pinned = affinity.pin.target;
  if (affinity.pin.is_there()) asked.only_provider = affinity.pin.provider;
  return asked;
}

RoutedPass::RoutedPass(const PassedRequest& request, routing::Chooser& chooser,
                       const routing::ModelRoute& route)
    : request_(request),
      chooser_(chooser),
      last_begin_(
          last_begin(request.exchange.client().request().fields, request.exchange.facts().started)),
      models_(request.exchange.facts().model.view()) {
  request_.exchange.facts().model_route = route.index();
  go_along(route);
}

Task<Status> RoutedPass::run(const PassedRequest& request, const Choice& choice,
                             std::optional<models::Catalog::Target>& other) {
  RoutedPass self(request, *choice.chooser, *choice.route);
  const net::Signal& gone = request.exchange.client().gone();
  while (self.plan_) {
    Step step = self.next_step();
    if (step.kind == Step::Kind::kNone) {
      self.leave_route();
      continue;
    }
    if (step.kind == Step::Kind::kWait) {
      Status waited = co_await self.wait(step);
      if (!waited) co_return waited;
      continue;
    }
    TargetAttempt* attempt = &self.begin(std::move(step.lease));
    if (self.race_after_) {
      attempt = co_await self.race(*attempt);
    } else {
      Status asked = attempt->prepare();
      if (asked) asked = co_await attempt->ask();
      const TargetAttempt::Left left = attempt->take(std::move(asked));
      if (left == TargetAttempt::Left::kMore) co_await attempt->take_more();
    }
    if (attempt->is_ready()) {
      const Counted counted = self.note_start(*attempt);
      Status relayed = co_await relay(request.exchange, *attempt->answer());
      self.note_end(*attempt, relayed, counted);
      co_return relayed;
    }
    // Nobody waits for a further attempt, and connecting may succeed without noticing that.
    if (gone.raised()) co_return failure(Error::cancelled());
    if (self.note_failure(*attempt) == Goes::kElsewhere) self.leave_route();
  }
  other = self.other_;
  if (other) co_return Status{};
  co_return co_await self.give_up();
}

void RoutedPass::go_along(const routing::ModelRoute& route) {
  affinity_ = affinity_of(sent(), route);
  avoided_ = nullptr;
  pin_is_left_ = false;
  asked_before_ = request_.exchange.facts().targets_asked.count();
  make_plan(route);
}

void RoutedPass::make_plan(const routing::ModelRoute& route) {
  end_ = {};
  routing::Asked asked = asked_of(request_, affinity_);
  asked.avoided = avoided_;
  asked.forbidden = forbidden_members(request_.exchange, route, request_.upstreams.settings);
  plan_.emplace(chooser_, route, asked, now(), last_begin_);
}

bool RoutedPass::may_go_to(const Fallback& fallback) const {
  const Exchange& exchange = request_.exchange;
  if (!is_restricted(exchange)) return true;
  const Providers& providers = request_.upstreams.settings;
  const Status permitted = fallback.route != nullptr
                               ? check_model(exchange, fallback.model, *fallback.route, providers)
                               : check_model(exchange, fallback.model, fallback.target, providers);
  return permitted.has_value();
}

// Of kind kNone: nothing more is tried along this route.
Step RoutedPass::next_step() {
  Step step = plan_->next(now(), waiter_ ? &*waiter_ : nullptr);
  if (step.kind == Step::Kind::kTarget) waiter_.reset();
  // After a backoff that is longer than the request may take, nothing would be asked.
  const bool is_in_vain = step.kind == Step::Kind::kWait && step.wait == Step::For::kBackoff &&
                          step.until >= request_.exchange.facts().deadline;
  if (step.kind != Step::Kind::kNone && !is_in_vain && !is_over()) return step;
  end_.why = step.kind == Step::Kind::kNone ? step.why : Step::Why::kDeadline;
  if (all_are_cooling(*plan_, now())) end_.why = Step::Why::kAllCooling;
  return {};
}

RoutedPass::Goes RoutedPass::note_failure(TargetAttempt& attempt) {
  last_ = &attempt;
  end_.verdict = plan_->failed(attempt.lease(), *attempt.failure_class(), attempt.told(),
                               may_be_sent_again(attempt), now());
  const bool goes_on = end_.verdict == Verdict::kNext && !is_over() && !may_leave_pin();
  return goes_on ? Goes::kOn : Goes::kElsewhere;
}

// After the last step along a route: the same without its pin, or another model. No plan: it is
// over.
void RoutedPass::leave_route() {
  const routing::ModelRoute& route = plan_->route();
  end_.usable_at = plan_->usable_at(now());
  waiter_.reset();
  if (!pin_is_left_ && leave_pin()) {
    pin_is_left_ = true;
    return make_plan(route);
  }
  plan_.reset();
  // A client that comes back asks for the first model again: the earliest time of all counts.
  if (end_.why == Step::Why::kAllCooling && end_.usable_at) {
    if (cooled_at_) end_.usable_at = std::min(*end_.usable_at, *cooled_at_);
    cooled_at_ = end_.usable_at;
  }
  if (is_over()) return;
  // Another model is at another target.
  if (!affinity_.pin.is_there()) models_.add(route.settings().fallbacks, end_.verdict);
  std::optional<Fallback> next;
  do {
    next = models_.next(chooser_.router(), *request_.catalog);
  } while (next && !may_go_to(*next));
  if (!next) return;
  request_.exchange.facts().is_fallback = true;
  if (next->route == nullptr) {
    other_ = next->target;
  } else {
    go_along(*next->route);
  }
}

TargetAttempt& RoutedPass::begin(routing::Lease lease) {
  race_after_ = may_hedge() ? plan_->hedge_delay() : std::nullopt;
  return begin(std::move(lease), race_after_ ? Raced::kYes : Raced::kNo);
}

TargetAttempt& RoutedPass::begin(routing::Lease lease, Raced raced) {
  const routing::ModelRoute& route = plan_->route();
  config::AttemptTimeouts timeouts = route.members()[lease.position()].timeouts;
  const Shortened shortened = shorten(timeouts, request_.exchange.client().request().fields);
  request_.exchange.limit_to(timeouts.request);
  const bool is_raced = raced == Raced::kYes;
  const TargetAttempt::Options options{.timeouts = timeouts,
                                       .holds = is_raced || plan_->another_is_left(now()),
                                       .is_raced = is_raced,
                                       .is_hurried = shortened == Shortened::kYes,
                                       .waited = std::exchange(waited_, {})};
  if (!first_) return first_.emplace(sent(), route, std::move(lease), options);
  more_.push_back(std::make_unique<TargetAttempt>(sent(), route, std::move(lease), options));
  return *more_.back();
}

// A second attempt begins beside a first that has no content in time. Returns the one whose
// content comes first; else one that failed, of which the plan has not been told.
Task<TargetAttempt*> RoutedPass::race(TargetAttempt& first) {
  net::EventLoop& loop = request_.exchange.loop();
  net::Signal& gone = request_.exchange.client().gone();
  net::TaskGroup running(loop, [](std::string_view) {});
  running.spawn(first.run_raced());
  net::Deadline slow(loop);
  slow.set_after(*race_after_);
  const net::Woken woken = co_await net::wait_any(loop, &slow, gone, first.ended());
  TargetAttempt* second = nullptr;
  if (woken.timed_out()) {
    if (routing::Lease lease = plan_->hedge(loop.now())) {
      second = &begin(std::move(lease), Raced::kYes);
      second->is_hedge();
      running.spawn(second->run_raced());
    }
  }
  TargetAttempt* ended = co_await first_ready(first, second);
  TargetAttempt* other = ended == &first ? second : &first;
  if (other != nullptr) other->stop();
  if (gone.raised()) ended->stop();
  co_await running.join();
  first.rethrow();
  if (second != nullptr) second->rethrow();
  if (other != nullptr) {
    if (ended->is_ready()) other->has_lost();
    note_loss(*other);
  }
  ended->has_won();
  co_return ended;
}

Task<TargetAttempt*> RoutedPass::first_ready(TargetAttempt& first, TargetAttempt* second) {
  net::EventLoop& loop = request_.exchange.loop();
  net::Signal& gone = request_.exchange.client().gone();
  for (;;) {
    if (first.is_ready()) co_return &first;
    if (second != nullptr && second->is_ready()) co_return second;
    const bool first_ended = first.ended().raised();
    const bool second_ended = second == nullptr || second->ended().raised();
    if (first_ended && second_ended) {
      co_return second == nullptr || !second->lease() ? &first : second;
    }
    if (gone.raised()) co_return &first;
    // What it says about its target holds for all requests, and from now on.
    if (first_ended) note_loss(first);
    if (second != nullptr && second_ended) note_loss(*second);
    net::Signal& one = first_ended ? second->ended() : first.ended();
    net::Signal& other = second_ended ? first.ended() : second->ended();
    co_await net::wait_any(loop, nullptr, gone, one, other);
  }
}

// One that failed by itself tells something about its target; one that was stopped does not.
void RoutedPass::note_loss(TargetAttempt& attempt) {
  if (!attempt.lease()) return;  // noted before
  const FailureClass failure = attempt.failure_class().value_or(FailureClass::kGone);
  if (failure != FailureClass::kGone) {
    (void)plan_->failed(attempt.lease(), failure, attempt.told(), routing::Repeatable::kNo, now());
  }
  attempt.drop_answer();
  attempt.lease().end();
}

// A second attempt costs as much as a first: only what makes an answer and nothing else. A service
// may run tools by itself.
bool RoutedPass::may_hedge() const {
  const config::HedgeRules& rules = plan_->route().rules().hedge;
  if (!rules.is_on || affinity_.pin.is_there() || affinity_.refers_to_stored) return false;
  return (rules.with_tools || !affinity_.has_tools) &&
         request_.exchange.passing().repeatable == gateway::Repeatable::kYes &&
         sent().body.size() <= plan_->route().rules().retry.body_bytes;
}

// Whether the request may go elsewhere if its pinned target cannot be asked.
bool RoutedPass::may_leave_pin() const {
  const OnPinnedDown rule = plan_->route().rules().affinity.on_pinned_down;
  if (!affinity_.pin.is_there() || rule == OnPinnedDown::kError) return false;
  // What is stored cannot be left out.
  return rule == OnPinnedDown::kAny || (!affinity_.pin.is_stored && stripped_ == nullptr);
}

bool RoutedPass::is_pinned_down() const {
  if (!affinity_.pin.is_there()) return false;
  if (end_.why) return *end_.why != Step::Why::kBudget && *end_.why != Step::Why::kDeadline;
  return end_.verdict == Verdict::kNext;
}

// After the attempts at the pinned target, or one that was refused for its sealed items. True: the
// request can be tried once more, at any target.
bool RoutedPass::leave_pin() {
  const config::RouteRules& rules = plan_->route().rules();
  const std::size_t attempts = request_.exchange.facts().targets_asked.count() - asked_before_;
  if (attempts >= rules.attempts || is_over()) return false;
  const bool is_down = is_pinned_down();
  switch (rules.affinity.on_pinned_down) {
    case OnPinnedDown::kError:
      return false;
    case OnPinnedDown::kAny:
      if (!is_down) return false;
      break;
    case OnPinnedDown::kStrip: {
      const bool is_refused = attempts > 0 && last_->failure_class() == FailureClass::kSealed;
      if (!is_refused && !(is_down && may_leave_pin())) return false;
      if (!strip_sealed_items()) return false;
      if (affinity_.pin.is_stored) return true;
      break;
    }
  }
  if (is_down) avoided_ = affinity_.pin.target;
  affinity_.pin = {};
  return true;
}

bool RoutedPass::strip_sealed_items() {
  if (stripped_ != nullptr) return false;
  stripped_ = StrippedRequest::of(request_);
  request_.exchange.facts().is_stripped = stripped_ != nullptr;
  return stripped_ != nullptr;
}

Task<Status> RoutedPass::wait(const Step& step) {
  net::EventLoop& loop = request_.exchange.loop();
  net::Signal& gone = request_.exchange.client().gone();
  net::Deadline deadline(loop);
  deadline.set(std::min(step.until, request_.exchange.facts().deadline));
  // A place is given on any thread, and perhaps when nobody waits any more.
  auto came = std::make_shared<net::Signal>();
  if (step.wait == Step::For::kPlace) {
    waiter_.emplace([&loop, came] { loop.post([came] { came->raise(); }); });
    plan_->wait_for_place(*waiter_, loop.now());
  }
  const SteadyTime began = loop.now();
  const net::Woken woken = co_await net::wait_any(loop, &deadline, gone, *came);
  waited_ += loop.now() - began;
  if (woken.by(gone)) co_return failure(Error::cancelled());
  co_return Status{};
}

// Before the answer is sent.
RoutedPass::Counted RoutedPass::note_start(TargetAttempt& attempt) {
  routing::Lease& lease = attempt.lease();
  tell(attempt);
  note_what_remains(attempt);
  if (attempt.has_content()) {
    plan_->succeeded(lease, now(), now() - lease.begun());
  } else if (lease.is_probe()) {
    plan_->succeeded(lease, now(), std::nullopt);
  } else {
    return Counted::kNo;
  }
  return Counted::kYes;
}

void RoutedPass::note_end(TargetAttempt& attempt, const Status& relayed, Counted counted) {
  routing::Lease& lease = attempt.lease();
  const UpstreamAnswer& answer = *attempt.answer();
  const bool said_error = answer.has_body() && answer.body().saw_error();
  if (said_error || (!relayed && is_upstreams_fault(relayed.error()))) {
    attempt.broke_off();
    (void)plan_->failed(lease, FailureClass::kBrokenStream, std::nullopt, routing::Repeatable::kNo,
                        now());
  } else if (relayed && counted == Counted::kNo) {
    std::optional<std::chrono::nanoseconds> first_content;
    const ExchangeFacts& facts = request_.exchange.facts();
    if (facts.first_byte) first_content = facts.started + *facts.first_byte - lease.begun();
    plan_->succeeded(lease, now(), first_content);
  }
  lease.end();
}

// Of a success that says that nothing remains of the operator's quota.
void RoutedPass::note_what_remains(TargetAttempt& attempt) {
  const routing::ModelRoute& route = attempt.route();
  const config::CooldownRules& rules = route.rules().cooldown;
  if (!rules.proactive || attempt.has_callers_key()) return;
  const http::FieldBlock& fields = attempt.answer()->fields();
  const auto field = [&fields](std::string_view name) { return fields.find(name); };
  const auto until = routing::nothing_remains(field, request_.exchange.loop().wall());
  if (!until) return;
  route.members()[attempt.lease().position()].target->nothing_remains(*until, now(), rules);
}

// The last upstream's answer, else an error of the gateway's own.
Task<Status> RoutedPass::give_up() {
  if (end_.why) tell_when_to_retry();
  if (affinity_.pin.is_there() && (last_ == nullptr || is_down(*last_->failure_class()))) {
    if (last_ != nullptr) tell(*last_);
    co_return failure(pinned_unavailable());
  }
  if (last_ == nullptr) {
    co_return failure(no_target(models_.first(), end_.why.value_or(Step::Why::kNoCandidate),
                                end_.usable_at, now()));
  }
  tell(*last_);
  if (last_->error()) {
    Error error = *last_->error();
    const std::size_t asked = request_.exchange.facts().targets_asked.count();
    if (asked > 1) error.message += " (attempt " + std::to_string(asked) + ")";
    co_return failure(std::move(error));
  }
  co_return co_await relay(request_.exchange, *last_->answer());
}

Error RoutedPass::pinned_unavailable() const {
  std::string message = "the one upstream that has what the request refers to cannot be asked";
  if (end_.usable_at && *end_.usable_at > now()) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*end_.usable_at - now());
    message += " for another " + std::to_string(left.count()) + " s";
  }
  if (last_ != nullptr && last_->error()) message += ": " + last_->error()->message;
  return Error::gateway(ErrorKind::kPinnedTargetUnavailable, std::move(message));
}

// Whether another upstream may get the request, too.
routing::Repeatable RoutedPass::may_be_sent_again(TargetAttempt& attempt) const {
  using routing::Repeatable;
  if (!is_repeatable(attempt)) return Repeatable::kNo;
  return attempt.forbids_repetition() ? Repeatable::kElsewhere : Repeatable::kYes;
}

bool RoutedPass::is_repeatable(const TargetAttempt& attempt) const {
  const config::RetryRules& rules = attempt.route().rules().retry;
  switch (*attempt.failure_class()) {
    case FailureClass::kUnsent:
    case FailureClass::kTimeoutConnect:
      return true;
    case FailureClass::kRateLimited:
    case FailureClass::kQuota:
    case FailureClass::kCredential:
    case FailureClass::kNotHere:
    case FailureClass::kContext:
    case FailureClass::kPolicy:
      // Refused, and nothing done.
      return sent().body.size() <= rules.body_bytes;
    case FailureClass::kLost:
      if (!rules.lost) return false;
      break;
    default:
      break;
  }
  const bool may = request_.exchange.passing().repeatable == gateway::Repeatable::kYes;
  return may && sent().body.size() <= rules.body_bytes;
}

// Who is asked, or has answered.
void RoutedPass::tell(const TargetAttempt& attempt) {
  const config::RouteTarget& target = attempt.target();
  Exchange& exchange = request_.exchange;
  const std::string_view model =
      target.model.empty() ? exchange.facts().model.view() : std::string_view(target.model);
  exchange.set_answering(target.provider, model);
}

void RoutedPass::tell_when_to_retry() {
  ExchangeFacts& facts = request_.exchange.facts();
  const bool waits = end_.usable_at && *end_.usable_at > now();
  const bool is_soon = waits && *end_.usable_at - now() <= kClientsWaitMax;
  if (end_.why == Step::Why::kAllCooling && waits) {
    facts.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*end_.usable_at - now());
  }
  const bool all_tried = end_.why == Step::Why::kAllTried || end_.why == Step::Why::kAllCooling;
  facts.should_not_retry = all_tried && !is_soon;
}

}  // namespace penstock::gateway
