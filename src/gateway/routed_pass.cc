#include "gateway/routed_pass.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "gateway/choose.h"
#include "gateway/no_target.h"
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

RoutedPass::RoutedPass(const PassedRequest& request, routing::Chooser& chooser)
    : request_(request), chooser_(chooser) {}

Task<Status> RoutedPass::run(const routing::ModelRoute& route,
                             std::optional<models::Catalog::Target>& other) {
  const routing::ModelRoute* next = &route;
  request_.exchange.facts().model_route = route.index();
  visited_.push_back(request_.exchange.facts().model.view());
  for (;;) {
    RouteEnd end = co_await try_route(*next);
    if (end.done) co_return std::move(*end.done);
    note_end(end);
    if (is_over()) co_return co_await give_up(end);
    // Another model is at another target.
    if (!affinity_.pin.is_there()) add_fallbacks(*next, end.verdict);
    const std::optional<Fallback> fallback = next_fallback();
    if (!fallback) co_return co_await give_up(end);
    request_.exchange.facts().is_fallback = true;
    if (fallback->route == nullptr) {
      other = fallback->target;
      co_return Status{};
    }
    next = fallback->route;
  }
}

Task<RoutedPass::RouteEnd> RoutedPass::try_route(const routing::ModelRoute& route) {
  affinity_ = affinity_of(sent(), route);
  avoided_ = nullptr;
  const std::size_t asked_before = request_.exchange.facts().targets_asked.count();
  RouteEnd end = co_await try_targets(route);
  if (end.done) co_return end;
  const std::size_t attempts = request_.exchange.facts().targets_asked.count() - asked_before;
  if (!leave_pin(route, end, attempts)) co_return end;
  RouteEnd unpinned = co_await try_targets(route);
  co_return unpinned;
}

Task<RoutedPass::RouteEnd> RoutedPass::try_targets(const routing::ModelRoute& route) {
  const net::Signal& gone = request_.exchange.client().gone();
  const SteadyTime last =
      last_begin(request_.exchange.client().request().fields, request_.exchange.facts().started);
  routing::Plan plan(chooser_, route, asked(), now(), last);
  std::optional<routing::PlaceWaiter> waiter;
  RouteEnd end;
  for (;;) {
    Step step = plan.next(now(), waiter ? &*waiter : nullptr);
    // After a backoff that is longer than the request may take, nothing would be asked.
    const bool is_in_vain = step.kind == Step::Kind::kWait && step.wait == Step::For::kBackoff &&
                            step.until >= request_.exchange.facts().deadline;
    if (step.kind == Step::Kind::kNone || is_in_vain || is_over()) {
      end.why = step.kind == Step::Kind::kNone ? step.why : Step::Why::kDeadline;
      if (all_are_cooling(plan, now())) end.why = Step::Why::kAllCooling;
      end.usable_at = plan.usable_at(now());
      co_return end;
    }
    if (step.kind == Step::Kind::kWait) {
      Status waited = co_await wait(plan, step, waiter);
      if (waited) continue;
      end.done = std::move(waited);
      co_return end;
    }
    waiter.reset();
    TargetAttempt* ended = co_await run_attempt(plan, std::move(step.lease));
    TargetAttempt& attempt = *ended;
    if (attempt.is_ready()) {
      end.done = co_await send(plan, attempt);
      co_return end;
    }
    // Nobody waits for a further attempt, and connecting may succeed without noticing that.
    if (gone.raised()) {
      end.done = failure(Error::cancelled());
      co_return end;
    }
    last_ = &attempt;
    end.verdict = plan.failed(attempt.lease(), *attempt.failure_class(), attempt.told(),
                              may_be_sent_again(attempt), now());
    if (end.verdict != Verdict::kNext || is_over() || may_leave_pin(route)) {
      end.usable_at = plan.usable_at(now());
      co_return end;
    }
  }
}

TargetAttempt& RoutedPass::begin(routing::Plan& plan, routing::Lease lease, Raced raced) {
  const routing::ModelRoute& route = plan.route();
  const config::AttemptTimeouts own =
      timeouts_of(route, *route.members()[lease.position()].settings);
  config::AttemptTimeouts timeouts = own;
  shorten(timeouts, request_.exchange.client().request().fields);
  request_.exchange.limit_to(timeouts.request);
  const bool is_raced = raced == Raced::kYes;
  const TargetAttempt::Options options{.timeouts = timeouts,
                                       .holds = is_raced || plan.another_is_left(now()),
                                       .is_raced = is_raced,
                                       .is_hurried = timeouts != own,
                                       .waited = std::exchange(waited_, {})};
  if (!first_) return first_.emplace(sent(), route, std::move(lease), options);
  more_.push_back(std::make_unique<TargetAttempt>(sent(), route, std::move(lease), options));
  return *more_.back();
}

Task<TargetAttempt*> RoutedPass::run_attempt(routing::Plan& plan, routing::Lease lease) {
  std::optional<std::chrono::milliseconds> delay;
  if (may_hedge(plan.route())) delay = plan.hedge_delay();
  TargetAttempt& attempt = begin(plan, std::move(lease), delay ? Raced::kYes : Raced::kNo);
  if (delay) co_return co_await race(plan, attempt, *delay);
  co_await attempt.run();
  co_return &attempt;
}

// A second attempt begins beside a first that has no content after `delay`. Returns the one whose
// content comes first; else one that failed, of which the plan has not been told.
Task<TargetAttempt*> RoutedPass::race(routing::Plan& plan, TargetAttempt& first,
                                      std::chrono::milliseconds delay) {
  net::EventLoop& loop = request_.exchange.loop();
  net::Signal& gone = request_.exchange.client().gone();
  net::TaskGroup running(loop, [](std::string_view) {});
  running.spawn(first.run_raced());
  net::Deadline slow(loop);
  slow.set_after(delay);
  const net::Woken woken = co_await net::wait_any(loop, &slow, gone, first.ended());
  TargetAttempt* second = nullptr;
  if (woken.timed_out()) {
    if (routing::Lease lease = plan.hedge(loop.now())) {
      second = &begin(plan, std::move(lease), Raced::kYes);
      second->is_hedge();
      running.spawn(second->run_raced());
    }
  }
  TargetAttempt* ended = co_await first_ready(plan, first, second);
  TargetAttempt* other = ended == &first ? second : &first;
  if (other != nullptr) other->stop();
  if (gone.raised()) ended->stop();
  co_await running.join();
  first.rethrow();
  if (second != nullptr) second->rethrow();
  if (other != nullptr) {
    if (ended->is_ready()) other->has_lost();
    note_loss(plan, *other);
  }
  ended->has_won();
  co_return ended;
}

Task<TargetAttempt*> RoutedPass::first_ready(routing::Plan& plan, TargetAttempt& first,
                                             TargetAttempt* second) {
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
    if (first_ended) note_loss(plan, first);
    if (second != nullptr && second_ended) note_loss(plan, *second);
    net::Signal& one = first_ended ? second->ended() : first.ended();
    net::Signal& other = second_ended ? first.ended() : second->ended();
    co_await net::wait_any(loop, nullptr, gone, one, other);
  }
}

// One that failed by itself tells something about its target; one that was stopped does not.
void RoutedPass::note_loss(routing::Plan& plan, TargetAttempt& attempt) {
  if (!attempt.lease()) return;  // noted before
  const FailureClass failure = attempt.failure_class().value_or(FailureClass::kGone);
  if (failure != FailureClass::kGone) {
    (void)plan.failed(attempt.lease(), failure, attempt.told(), routing::Repeatable::kNo, now());
  }
  attempt.drop_answer();
  attempt.lease().end();
}

// A second attempt costs as much as a first: only what makes an answer and nothing else. A service
// may run tools by itself.
bool RoutedPass::may_hedge(const routing::ModelRoute& route) const {
  const config::HedgeRules& rules = route.rules().hedge;
  if (!rules.is_on || affinity_.pin.is_there() || affinity_.refers_to_stored) return false;
  return (rules.with_tools || !affinity_.has_tools) &&
         request_.exchange.passing().repeatable == gateway::Repeatable::kYes &&
         sent().body.size() <= route.rules().retry.body_bytes;
}

// Whether the request may go elsewhere if its pinned target cannot be asked.
bool RoutedPass::may_leave_pin(const routing::ModelRoute& route) const {
  const OnPinnedDown rule = route.rules().affinity.on_pinned_down;
  if (!affinity_.pin.is_there() || rule == OnPinnedDown::kError) return false;
  // What is stored cannot be left out.
  return rule == OnPinnedDown::kAny || (!affinity_.pin.is_stored && stripped_ == nullptr);
}

bool RoutedPass::is_pinned_down(const RouteEnd& end) const {
  if (!affinity_.pin.is_there()) return false;
  if (end.why) return *end.why != Step::Why::kBudget && *end.why != Step::Why::kDeadline;
  return end.verdict == Verdict::kNext;
}

// After the attempts at the pinned target, or one that was refused for its sealed items. True: the
// request can be tried once more, at any target.
bool RoutedPass::leave_pin(const routing::ModelRoute& route, const RouteEnd& end,
                           std::size_t attempts) {
  if (attempts >= route.rules().attempts || is_over()) return false;
  const bool is_down = is_pinned_down(end);
  switch (route.rules().affinity.on_pinned_down) {
    case OnPinnedDown::kError:
      return false;
    case OnPinnedDown::kAny:
      if (!is_down) return false;
      break;
    case OnPinnedDown::kStrip: {
      const bool is_refused = attempts > 0 && last_->failure_class() == FailureClass::kSealed;
      if (!is_refused && !(is_down && may_leave_pin(route))) return false;
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

Task<Status> RoutedPass::wait(routing::Plan& plan, const Step& step,
                              std::optional<routing::PlaceWaiter>& waiter) {
  net::EventLoop& loop = request_.exchange.loop();
  net::Signal& gone = request_.exchange.client().gone();
  net::Deadline deadline(loop);
  deadline.set(std::min(step.until, request_.exchange.facts().deadline));
  // A place is given on any thread, and perhaps when nobody waits any more.
  auto came = std::make_shared<net::Signal>();
  if (step.wait == Step::For::kPlace) {
    waiter.emplace([&loop, came] { loop.post([came] { came->raise(); }); });
    plan.wait_for_place(*waiter, loop.now());
  }
  const SteadyTime began = loop.now();
  const net::Woken woken = co_await net::wait_any(loop, &deadline, gone, *came);
  waited_ += loop.now() - began;
  if (woken.by(gone)) co_return failure(Error::cancelled());
  co_return Status{};
}

Task<Status> RoutedPass::send(routing::Plan& plan, TargetAttempt& attempt) {
  Exchange& exchange = request_.exchange;
  routing::Lease& lease = attempt.lease();
  tell(attempt);
  const bool is_counted = attempt.has_content() || lease.is_probe();
  if (attempt.has_content()) {
    plan.succeeded(lease, now(), now() - lease.begun());
  } else if (is_counted) {
    plan.succeeded(lease, now(), std::nullopt);
  }
  UpstreamAnswer& answer = *attempt.answer();
  note_what_remains(attempt);
  Status relayed = co_await relay(exchange, answer);
  const bool said_error = answer.has_body() && answer.body().saw_error();
  if (said_error || (!relayed && is_upstreams_fault(relayed.error()))) {
    attempt.broke_off();
    (void)plan.failed(lease, FailureClass::kBrokenStream, std::nullopt, routing::Repeatable::kNo,
                      now());
  } else if (relayed && !is_counted) {
    std::optional<std::chrono::nanoseconds> first_content;
    const ExchangeFacts& facts = exchange.facts();
    if (facts.first_byte) first_content = facts.started + *facts.first_byte - lease.begun();
    plan.succeeded(lease, now(), first_content);
  }
  lease.end();
  co_return relayed;
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
Task<Status> RoutedPass::give_up(const RouteEnd& end) {
  if (end.why) tell_when_to_retry(end);
  if (affinity_.pin.is_there() && (last_ == nullptr || is_down(*last_->failure_class()))) {
    if (last_ != nullptr) tell(*last_);
    co_return failure(pinned_unavailable(end));
  }
  if (last_ == nullptr) {
    co_return failure(no_target(visited_.front(), end.why.value_or(Step::Why::kNoCandidate),
                                end.usable_at, now()));
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

Error RoutedPass::pinned_unavailable(const RouteEnd& end) const {
  std::string message = "the one upstream that has what the request refers to cannot be asked";
  if (end.usable_at && *end.usable_at > now()) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*end.usable_at - now());
    message += " for another " + std::to_string(left.count()) + " s";
  }
  if (last_ != nullptr && last_->error()) message += ": " + last_->error()->message;
  return Error::gateway(ErrorKind::kPinnedTargetUnavailable, std::move(message));
}

routing::Asked RoutedPass::asked() const {
  routing::Asked asked = asked_of(request_, affinity_);
  asked.avoided = avoided_;
  return asked;
}

config::AttemptTimeouts RoutedPass::timeouts_of(const routing::ModelRoute& route,
                                                const config::RouteTarget& target) const {
  config::AttemptTimeouts timeouts = config::effective_timeouts(
      request_.exchange.server().timeouts, request_.upstreams.settings[target.provider].timeouts,
      route.rules().timeouts, target.timeouts);
  config::bound_first_byte(timeouts);
  return timeouts;
}

// Whether another upstream may get the request, too.
routing::Repeatable RoutedPass::may_be_sent_again(const TargetAttempt& attempt) const {
  using routing::Repeatable;
  const config::RetryRules& rules = attempt.route().rules().retry;
  switch (*attempt.failure_class()) {
    case FailureClass::kUnsent:
    case FailureClass::kTimeoutConnect:
      return Repeatable::kYes;
    case FailureClass::kRateLimited:
    case FailureClass::kQuota:
    case FailureClass::kCredential:
    case FailureClass::kNotHere:
    case FailureClass::kContext:
    case FailureClass::kPolicy:
      // Refused, and nothing done.
      return sent().body.size() <= rules.body_bytes ? Repeatable::kYes : Repeatable::kNo;
    case FailureClass::kLost:
      if (!rules.lost) return Repeatable::kNo;
      break;
    default:
      break;
  }
  const bool may = request_.exchange.passing().repeatable == gateway::Repeatable::kYes;
  return may && sent().body.size() <= rules.body_bytes ? Repeatable::kYes : Repeatable::kNo;
}

// Who is asked, or has answered.
void RoutedPass::tell(const TargetAttempt& attempt) {
  const config::RouteTarget& target = attempt.target();
  ExchangeFacts& facts = request_.exchange.facts();
  facts.provider = target.provider;
  facts.upstream_model.assign(target.model.empty() ? facts.model.view()
                                                   : std::string_view(target.model));
}

void RoutedPass::tell_when_to_retry(const RouteEnd& end) {
  ExchangeFacts& facts = request_.exchange.facts();
  const bool waits = end.usable_at && *end.usable_at > now();
  const bool is_soon = waits && *end.usable_at - now() <= kClientsWaitMax;
  if (end.why == Step::Why::kAllCooling && waits) {
    facts.retry_after = std::chrono::ceil<std::chrono::milliseconds>(*end.usable_at - now());
  }
  const bool all_tried = end.why == Step::Why::kAllTried || end.why == Step::Why::kAllCooling;
  facts.should_not_retry = all_tried && !is_soon;
}

void RoutedPass::add_fallbacks(const routing::ModelRoute& route, Verdict verdict) {
  const config::ModelRoute::Fallbacks& all = route.settings().fallbacks;
  const std::vector<std::string>* names = &all.any;
  if (verdict == Verdict::kContextFallback) names = &all.context_window;
  if (verdict == Verdict::kPolicyFallback) names = &all.content_policy;
  if (verdict == Verdict::kPass) return;
  auto at = fallbacks_.begin();
  for (const std::string& name : *names) {
    const bool is_known = std::ranges::find(visited_, std::string_view(name)) != visited_.end() ||
                          std::ranges::find(fallbacks_, std::string_view(name)) != fallbacks_.end();
    if (!is_known) at = fallbacks_.insert(at, name) + 1;
  }
}

// The next one that is served at present.
std::optional<RoutedPass::Fallback> RoutedPass::next_fallback() {
  while (!fallbacks_.empty()) {
    const std::string_view model = fallbacks_.front();
    fallbacks_.erase(fallbacks_.begin());
    visited_.push_back(model);
    if (const routing::ModelRoute* route = chooser_.router().find(model)) {
      return Fallback{.route = route};
    }
    if (auto target = request_.catalog->route(model)) return Fallback{.target = *target};
  }
  return std::nullopt;
}

// A client that comes back asks for the first model again: the earliest time of all counts.
void RoutedPass::note_end(RouteEnd& end) {
  if (end.why != Step::Why::kAllCooling || !end.usable_at) return;
  if (cooled_at_) end.usable_at = std::min(*end.usable_at, *cooled_at_);
  cooled_at_ = end.usable_at;
}

}  // namespace penstock::gateway
