#include "routing/plan.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "routing/affinity.h"

namespace penstock::routing {
namespace {

using std::chrono::nanoseconds;
using Mask = ModelRoute::Mask;

constexpr int kBackoffDoublingsMax = 20;

std::size_t first_of(Mask mask) {
  return static_cast<std::size_t>(std::countr_zero(mask));
}

Step give_up(Step::Why why, SteadyTime until = {}) {
  return {.kind = Step::Kind::kNone, .until = until, .why = why};
}

Step target_step(Lease lease) {
  return {.kind = Step::Kind::kTarget, .lease = std::move(lease)};
}

Step wait_step(Step::For wait, SteadyTime until) {
  return {.kind = Step::Kind::kWait, .until = until, .wait = wait};
}

}  // namespace

Chooser::Chooser(std::shared_ptr<const Router> router, Random& random)
    : router_(std::move(router)), random_(random), positions_(router_->routes().size()) {}

Plan::Plan(Chooser& chooser, const ModelRoute& route, const Asked& asked, SteadyTime now,
           SteadyTime deadline, For purpose)
    : chooser_(chooser), route_(route), asked_(asked), deadline_(deadline), purpose_(purpose) {
  if (purpose_ == For::kQuestion) return;
  route_.state().retries.request_began();
  if (route_.rules().hedge.is_on) route_.state().hedges.request_began(now);
  if (asked_.avoided == nullptr) return;
  for (std::size_t member = 0; member < route_.members().size(); ++member) {
    if (route_.members()[member].target.get() == asked_.avoided)
      tried_ |= ModelRoute::mask_of(member);
  }
}

Plan::~Plan() {
  if (purpose_ == For::kQuestion) return;
  leave_queue();
  route_.state().retries.request_ended(shared_retries_);
}

Step Plan::next(SteadyTime now, PlaceWaiter* waiter) {
  GivenPlace given(waiter == nullptr ? nullptr : waiter->take());
  if (attempts_ >= route_.rules().attempts) return give_up(Step::Why::kAttempts);
  if (now >= deadline_) return give_up(Step::Why::kDeadline);
  if (now < backoff_until_) return wait_step(Step::For::kBackoff, backoff_until_);
  const Look look = look_at_all(now);
  if (look.candidates == 0) return give_up(Step::Why::kNoCandidate);
  if (look.usable != 0 || given.is_there()) {
    if (!may_retry(now)) return give_up(Step::Why::kBudget);
  }
  if (Lease lease = take_given(given, look, now)) return target_step(std::move(lease));
  if (Lease lease = choose(look.usable, now)) return target_step(std::move(lease));
  return wait_or_give_up(look, now);
}

// Nothing can be asked at once.
Step Plan::wait_or_give_up(const Look& look, SteadyTime now) {
  if (may_repeat_round(look)) return next_round(now);
  // A place may have been taken since the look.
  const bool is_full = (look.full | look.usable) != 0;
  if (is_full && enter_queue(now)) {
    return wait_step(Step::For::kPlace,
                     std::min(queue_until_, earliest_end(look.cooling | look.open, now)));
  }
  if (const Mask untried = look.open & ~tried_; untried != 0) {
    if (!may_retry(now)) return give_up(Step::Why::kBudget);
    if (Lease lease = panic(untried, now)) return target_step(std::move(lease));
  }
  const bool is_cooling = look.cooling != 0;
  const SteadyTime cooled = earliest_end(look.cooling, now);
  if (!is_full && is_cooling && enter_queue(now) && cooled <= queue_until_) {
    tried_ &= ~look.cooling | refused_;  // that they failed is over then
    return wait_step(Step::For::kPlace, cooled);
  }
  const SteadyTime usable = usable_at(now).value_or(SteadyTime{});
  if (queue_was_full_) return give_up(Step::Why::kQueueFull, usable);
  if (is_full) return give_up(Step::Why::kAllFull);
  if (is_cooling) return give_up(Step::Why::kAllCooling, usable);
  return give_up(Step::Why::kAllTried, usable);
}

// What was tried may be asked again if the last failure allows that, and if it is better than an
// open target that was not tried.
bool Plan::may_repeat_round(const Look& look) const {
  if (!same_target_is_allowed_ || tried_ == 0) return false;
  const Mask again = tried_ & ~refused_ & look.candidates & ~look.cooling;
  return (again & ~look.open) != 0 || (again != 0 && (look.open & ~tried_) == 0);
}

// Full jitter: clients whose requests failed together do not come back together.
Step Plan::next_round(SteadyTime now) {
  const config::RetryRules::Backoff& rules = route_.rules().retry.backoff;
  const auto doublings = std::min<std::size_t>(rounds_++, kBackoffDoublingsMax);
  const nanoseconds longest = std::min(rules.initial * (1 << doublings), rules.max);
  const double part = static_cast<double>(chooser_.random_.next() >> 11) * 0x1p-53;
  tried_ = refused_;
  backoff_until_ =
      now + nanoseconds{static_cast<std::int64_t>(static_cast<double>(longest.count()) * part)};
  if (backoff_until_ >= deadline_) return give_up(Step::Why::kDeadline);
  return wait_step(Step::For::kBackoff, backoff_until_);
}

Verdict Plan::failed(Lease& lease, FailureClass failure, std::optional<nanoseconds> told,
                     Repeatable repeatable, SteadyTime now) {
  if (repeatable == Repeatable::kElsewhere) refused_ |= ModelRoute::mask_of(lease.position());
  lease.failed(failure, told, now, chooser_.random_.next());
  const FailureRule::Next next = rule_of(failure).next;
  if (next == FailureRule::Next::kContextFallback) return Verdict::kContextFallback;
  if (next == FailureRule::Next::kPolicyFallback) return Verdict::kPolicyFallback;
  const bool is_forbidden = failure == FailureClass::kLost && !route_.rules().retry.lost;
  if (next == FailureRule::Next::kNone || repeatable == Repeatable::kNo || is_forbidden) {
    return Verdict::kPass;
  }
  same_target_is_allowed_ = next == FailureRule::Next::kAnotherTarget;
  // What was not sent, or refused without work, was no load for its upstream, and a target that
  // refuses is not asked again soon: these retries cannot become a storm. Nor can what was lost
  // with its connection, once: it takes the place of a request that nobody works on any more.
  const bool is_first_loss =
      failure == FailureClass::kLost && !std::exchange(loss_was_granted_, true);
  retry_is_granted_ = failure == FailureClass::kUnsent || is_first_loss ||
                      next == FailureRule::Next::kOnlyAnotherTarget;
  return Verdict::kNext;
}

void Plan::succeeded(Lease& lease, SteadyTime now, std::optional<nanoseconds> first_content) {
  lease.succeeded(now, first_content);
  if (first_content && route_.rules().hedge.is_on) {
    route_.state().hedges.add_sample(*first_content);
  }
}

void Plan::wait_for_place(PlaceWaiter& waiter, SteadyTime now) const {
  const Look look = look_at_all(now);
  for (Mask rest = look.full | look.usable; rest != 0; rest &= rest - 1) {
    const ModelRoute::Member& member = route_.members()[first_of(rest)];
    waiter.wait_for(member.target->places(), member.limit);
  }
}

std::optional<std::chrono::milliseconds> Plan::hedge_delay() const {
  const config::HedgeRules& rules = route_.rules().hedge;
  if (!rules.is_on || asked_.pinned != nullptr) return std::nullopt;
  return rules.delay ? rules.delay : route_.state().hedges.p95();
}

Lease Plan::hedge(SteadyTime now) {
  if (!hedge_delay() || attempts_ >= route_.rules().attempts || now >= deadline_) return {};
  // A second attempt is no reason to ask a target that is nearly full, nor a probe.
  constexpr double kBusy = 0.7;
  Mask calm = look_at_all(now).usable;
  for (Mask rest = calm; rest != 0; rest &= rest - 1) {
    const std::size_t index = first_of(rest);
    const ModelRoute::Member& member = route_.members()[index];
    const bool is_busy =
        member.limit != Places::kNoLimit && member.target->in_flight() >= kBusy * member.limit;
    if (is_busy || !member.target->breaker(asked_.family).is_closed())
      calm &= ~ModelRoute::mask_of(index);
  }
  if (calm == 0 || !route_.state().hedges.take(now, route_.rules().hedge.max_percent)) return {};
  return choose(calm, now);
}

Lease Plan::choose(Mask usable, SteadyTime now) {
  while (usable != 0) {
    const std::size_t member =
        preferred(usable, chooser_.positions_[route_.index()], chooser_.random_, now);
    if (Lease lease = enter(member, now)) return lease;
    usable &= ~ModelRoute::mask_of(member);  // another thread was faster
  }
  return {};
}

// Of members that are not none.
std::size_t Plan::preferred(Mask usable, BalancePositions& positions, Random& random,
                            SteadyTime now) const {
  const auto group =
      std::ranges::find_if(route_.groups(), [&](Mask members) { return (members & usable) != 0; });
  const Mask candidates = *group & usable;
  if ((candidates & (candidates - 1)) == 0) return first_of(candidates);
  if (asked_.affinity_key) return affine_member(route_, candidates, *asked_.affinity_key);
  return Balancer(route_, asked_.family, positions, random, now).choose(candidates);
}

Lease Plan::enter(std::size_t member, SteadyTime now) {
  Target& target = *route_.members()[member].target;
  if (!target.places().enter(route_.members()[member].limit)) return {};
  return begin(member, now);
}

// With a place. It is the probe, unless the breaker is closed or is not asked.
Lease Plan::begin(std::size_t member, SteadyTime now, Panic panic) {
  Target& target = *route_.members()[member].target;
  BreakerGate& gate = target.gate_of(asked_.family);
  BreakerGate::Probe probe = 0;
  if (!gate.is_closed()) {
    probe = gate.take_probe(now);
    if (probe == 0 && panic == Panic::kNo && !is_let_through(member, now)) {
      target.places().leave();
      return {};
    }
  }
  tried_ |= ModelRoute::mask_of(member);
  ++attempts_;
  retry_is_granted_ = false;
  leave_queue();
  return {target,
          {.rules = &route_.rules(), .position = member, .family = asked_.family, .begun = now},
          probe};
}

// The place that a waiter was given, unless its target can no longer be asked.
Lease Plan::take_given(GivenPlace& given, const Look& look, SteadyTime now) {
  if (!given.is_there()) return {};
  for (Mask rest = look.usable | look.full; rest != 0; rest &= rest - 1) {
    const std::size_t member = first_of(rest);
    if (given.take(route_.members()[member].target->places())) return begin(member, now);
  }
  return {};
}

// All that is left is open: better one of these than none.
Lease Plan::panic(Mask open, SteadyTime now) {
  while (open != 0) {
    const std::size_t earliest = first_to_close(open);
    const ModelRoute::Member& member = route_.members()[earliest];
    if (member.target->places().enter(member.limit)) return begin(earliest, now, Panic::kYes);
    open &= ~ModelRoute::mask_of(earliest);
  }
  return {};
}

std::size_t Plan::first_to_close(Mask open) const {
  const auto end = [&](std::size_t member) {
    return route_.members()[member].target->breaker(asked_.family).time;
  };
  std::size_t earliest = first_of(open);
  for (Mask rest = open; rest != 0; rest &= rest - 1) {
    if (end(first_of(rest)) < end(earliest)) earliest = first_of(rest);
  }
  return earliest;
}

// Once for each further attempt, also if it has to wait.
bool Plan::may_retry(SteadyTime now) {
  if (attempts_ == 0 || retry_is_granted_) return true;
  const RetryBudget::Grant grant = route_.state().retries.take(now, route_.rules().retry.budget);
  if (grant == RetryBudget::Grant::kShare) ++shared_retries_;
  retry_is_granted_ = grant != RetryBudget::Grant::kNone;
  return retry_is_granted_;
}

// All waits of one request together are no longer than the rule says.
bool Plan::enter_queue(SteadyTime now) {
  const config::QueueRules& rules = route_.rules().queue;
  if (rules.wait.count() == 0) return false;
  if (queue_until_ == SteadyTime{}) queue_until_ = std::min(now + rules.wait, deadline_);
  if (now >= queue_until_) return false;
  if (is_queued_) return true;
  std::atomic<std::uint32_t>& queued = route_.state().queued;
  std::uint32_t count = queued.load(std::memory_order_relaxed);
  do {
    queue_was_full_ = count >= rules.size;
    if (queue_was_full_) return false;
  } while (!queued.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
  is_queued_ = true;
  return true;
}

void Plan::leave_queue() {
  if (!std::exchange(is_queued_, false)) return;
  route_.state().queued.fetch_sub(1, std::memory_order_relaxed);
}

MemberStanding Plan::look_at(std::size_t index, SteadyTime now) const {
  const ModelRoute::Member& member = route_.members()[index];
  const Target& target = *member.target;
  const bool is_forbidden = (asked_.forbidden & ModelRoute::mask_of(index)) != 0;
  if (is_forbidden ||
      (asked_.only_provider && *asked_.only_provider != member.settings->provider)) {
    return {.standing = Standing::kOtherProvider};
  }
  if (asked_.pinned != nullptr && asked_.pinned != &target) {
    return {.standing = Standing::kNotPinned};
  }
  if (asked_.pinned == nullptr && member.settings->weight == 0) {
    return {.standing = Standing::kDraining};
  }
  if (const SteadyTime end = target.cooling_until(); now < end) {
    return {.standing = Standing::kCooling, .until = end};
  }
  const BreakerGate::View breaker = target.breaker(asked_.family);
  if (!breaker.is_closed() && !breaker.may_probe(now) && !is_let_through(index, now)) {
    if (breaker.state == BreakerState::kHalfOpen) return {.standing = Standing::kProbing};
    return {.standing = Standing::kOpen, .until = breaker.time};
  }
  if ((tried_ & ModelRoute::mask_of(index)) != 0) return {.standing = Standing::kTried};
  if (target.is_full(member.limit)) return {.standing = Standing::kFull};
  return {.standing = Standing::kUsable};
}

Mask Plan::candidates() const {
  if (asked_.pinned == nullptr && !asked_.only_provider) {
    return route_.weighted() & ~asked_.forbidden;
  }
  Mask found = 0;
  for (std::size_t i = 0; i < route_.members().size(); ++i) {
    const ModelRoute::Member& member = route_.members()[i];
    const bool is_other =
        asked_.only_provider && *asked_.only_provider != member.settings->provider;
    const bool may_be_asked = asked_.pinned == nullptr ? member.settings->weight != 0
                                                       : asked_.pinned == member.target.get();
    if (!is_other && may_be_asked) found |= ModelRoute::mask_of(i);
  }
  return found & ~asked_.forbidden;
}

// Of a candidate: the short way to most answers.
bool Plan::is_usable_and_sound(std::size_t index, SteadyTime now) const {
  const ModelRoute::Member& member = route_.members()[index];
  return (tried_ & ModelRoute::mask_of(index)) == 0 &&
         member.target->is_sound(asked_.family, now) && !member.target->is_full(member.limit);
}

Plan::Look Plan::look_at_all(SteadyTime now) const {
  Look look{.candidates = candidates()};
  for (Mask rest = look.candidates; rest != 0; rest &= rest - 1) {
    const std::size_t member = first_of(rest);
    const Mask bit = ModelRoute::mask_of(member);
    if (is_usable_and_sound(member, now)) {
      look.usable |= bit;
      continue;
    }
    switch (look_at(member, now).standing) {
      case Standing::kCooling:
        look.cooling |= bit;
        break;
      case Standing::kOpen:
      case Standing::kProbing:
        look.open |= bit;
        break;
      case Standing::kFull:
        look.full |= bit;
        break;
      case Standing::kUsable:
        look.usable |= bit;
        break;
      default:
        break;
    }
  }
  return look;
}

// If more targets of the route are open than max_ejected_percent allows, those whose opening ends
// first are asked as if they were closed.
bool Plan::is_let_through(std::size_t member, SteadyTime now) const {
  const double percent = route_.rules().breaker.max_ejected_percent;
  if (percent >= 100) return false;
  const SteadyTime own = route_.members()[member].target->breaker(asked_.family).time;
  std::size_t open = 0;
  std::size_t earlier = 0;
  for (std::size_t i = 0; i < route_.members().size(); ++i) {
    const BreakerGate::View other = route_.members()[i].target->breaker(asked_.family);
    if (other.is_closed() || other.may_probe(now)) continue;
    ++open;
    if (other.time < own || (other.time == own && i < member)) ++earlier;
  }
  const auto allowed =
      static_cast<std::size_t>(percent / 100 * static_cast<double>(route_.members().size()));
  return earlier + allowed < open;
}

SteadyTime Plan::earliest_end(Mask members, SteadyTime now) const {
  SteadyTime earliest = SteadyTime::max();
  for (Mask rest = members; rest != 0; rest &= rest - 1) {
    const SteadyTime until = look_at(first_of(rest), now).until;
    if (until != SteadyTime{}) earliest = std::min(earliest, until);
  }
  return earliest;
}

std::optional<SteadyTime> Plan::usable_at(SteadyTime now) const {
  const Look look = look_at_all(now);
  const Mask closed = look.candidates & ~look.cooling & ~look.open & ~look.full;
  if (closed != 0) return now;
  const SteadyTime earliest = earliest_end(look.cooling | look.open, now);
  if (earliest == SteadyTime::max()) return std::nullopt;
  return earliest;
}

MemberStanding Plan::standing(std::size_t member, SteadyTime now) const {
  const MemberStanding own = look_at(member, now);
  if (own.standing != Standing::kUsable) return own;
  const Mask usable = look_at_all(now).usable;
  for (const Mask group : route_.groups()) {
    if ((group & ModelRoute::mask_of(member)) != 0) break;
    if ((group & usable) != 0) return {.standing = Standing::kOtherPriority};
  }
  return own;
}

std::vector<std::size_t> Plan::order(SteadyTime now, Random& random) const {
  std::vector<std::size_t> order;
  BalancePositions& own = chooser_.positions_[route_.index()];
  Balancer(route_, asked_.family, own, chooser_.random_, now).begin();
  BalancePositions positions = own;
  const Look look = look_at_all(now);
  for (Mask usable = look.usable; usable != 0;) {
    const std::size_t member = preferred(usable, positions, random, now);
    order.push_back(member);
    usable &= ~ModelRoute::mask_of(member);
  }
  const bool waits = look.full != 0 && route_.rules().queue.wait.count() > 0;
  for (Mask open = waits ? 0 : look.open; open != 0;) {
    const std::size_t member = first_to_close(open);
    if (!route_.members()[member].target->is_full(route_.members()[member].limit)) {
      order.push_back(member);
    }
    open &= ~ModelRoute::mask_of(member);
  }
  return order;
}

}  // namespace penstock::routing
