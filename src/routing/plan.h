#pragma once

// The plan of one exchange: which target is asked next, and when nothing more is tried.
//
// Lives in the exchange, on its thread, no longer than its Chooser. The gateway's loop is:
//
//     Step step = plan.next(now);
//     kTarget: ask step.lease's target. When the first content comes: plan.succeeded(lease, ...).
//              When it failed before: plan.failed(lease, ...) says what follows.
//     kWait:   wait until step.until, or less (see Step::For), and call next() again.
//     kNone:   step.why and step.until make the answer.
//
// Rules: members of the lowest priority that can be used; a request's pin, then its affinity, then
// the route's balance. A target that was tried is not asked again while another can be used; then,
// after a wait, all may be asked again. Cooling targets are never asked. If all that remains is
// open, the one whose opening ends first is asked. Nothing is allocated.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "routing/balance.h"
#include "routing/places.h"
#include "routing/router.h"
#include "routing/target.h"

namespace penstock::routing {

// The positions of all balancers of a Router, on one thread. A thread has one, replaces it when the
// Router changes, and shares it with the exchanges that began before: it keeps their Router alive.
class Chooser {
 public:
  Chooser(std::shared_ptr<const Router> router, Random& random);

  const Router& router() const { return *router_; }

 private:
  friend class Plan;

  const std::shared_ptr<const Router> router_;
  Random& random_;
  std::vector<BalancePositions> positions_;  // by route
};

// What a request asks for beside the model.
struct Asked {
  Family family = Family::kChat;
  std::optional<std::uint64_t> affinity_key = std::nullopt;
  std::optional<std::size_t> only_provider = std::nullopt;  // position in Settings::providers
  const Target* pinned = nullptr;   // only this one, even if its weight is zero
  const Target* avoided = nullptr;  // as if it had been tried
  ModelRoute::Mask forbidden = 0;   // members of the route: as if they were not there
};

// Why a target cannot be asked, in the order in which the reasons are looked for.
enum class Standing : std::uint8_t {
  kUsable,
  kOtherProvider,  // than the one asked for
  kNotPinned,
  kDraining,  // its weight is zero
  kCooling,   // until a time
  kOpen,      // its breaker, until a time
  kProbing,   // half-open, and the one probe is under way
  kTried,
  kFull,
  kOtherPriority,  // usable, but a lower one can be used
};
struct MemberStanding {
  Standing standing = Standing::kUsable;
  SteadyTime until{};  // kCooling and kOpen
};

struct Step {
  enum class Kind : std::uint8_t { kTarget, kWait, kNone };
  // What is waited for.
  enum class For : std::uint8_t {
    kBackoff,  // all of the time
    kPlace,    // a place (Plan::wait_for_place()) or until the time
  };
  enum class Why : std::uint8_t {
    kNoCandidate,  // of that provider, or that is not draining
    kAllCooling,
    kAllFull,
    kAllTried,   // and the last failure allows no other
    kAttempts,   // used up
    kBudget,     // of retries
    kDeadline,   // no attempt can begin before it
    kQueueFull,  // too many wait
  };

  Kind kind = Kind::kNone;
  Lease lease = {};    // kTarget
  SteadyTime until{};  // kWait
  For wait = For::kBackoff;
  Why why = Why::kNoCandidate;  // kNone
};

// What follows a failure.
enum class Verdict : std::uint8_t {
  kNext,             // next() says
  kPass,             // the failure is the answer
  kContextFallback,  // another model, of fallbacks.context_window; without one: kPass
  kPolicyFallback,   // of fallbacks.content_policy
};

// Whether the request could be sent once more: its body is there, nothing went downstream.
enum class Repeatable : std::uint8_t {
  kNo,
  kElsewhere,  // its upstream has said that it need not come back
  kYes,
};

class Plan {
 public:
  // Whether it is the plan of a request, which budgets count, or only a question.
  enum class For : std::uint8_t { kRequest, kQuestion };
  // No attempt begins at `deadline` or later.
  Plan(Chooser& chooser, const ModelRoute& route, const Asked& asked, SteadyTime now,
       SteadyTime deadline, For purpose = For::kRequest);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // `waiter`: the one that waited, if any; a place that it was given is used.
  Step next(SteadyTime now, PlaceWaiter* waiter = nullptr);
  // Ends the lease. `told`: the answer's cooldown_hint().
  Verdict failed(Lease& lease, FailureClass failure, std::optional<std::chrono::nanoseconds> told,
                 Repeatable repeatable, SteadyTime now);
  // The first content has come. The lease goes on until the answer ends.
  void succeeded(Lease& lease, SteadyTime now,
                 std::optional<std::chrono::nanoseconds> first_content);

  // Whether a failure now could lead to another attempt, at another target or, after a wait, at the
  // same. While it is true, the start of a stream is held.
  bool another_is_left(SteadyTime now) const {
    return attempts_ < route_.rules().attempts && now < deadline_;
  }

  // After kPlace: `waiter` waits for a place of each target that is only full. Then next() is
  // called with it.
  void wait_for_place(PlaceWaiter& waiter, SteadyTime now) const;

  // When a second attempt may begin beside a first that is silent. nullopt: never.
  std::optional<std::chrono::milliseconds> hedge_delay() const;
  // A second attempt at another target. Empty: none is allowed or can be used.
  Lease hedge(SteadyTime now);

  std::size_t attempts() const { return attempts_; }
  const ModelRoute& route() const { return route_; }
  // When a target can be used at the earliest, for Retry-After. nullopt: that is not known (full).
  std::optional<SteadyTime> usable_at(SteadyTime now) const;
  // Of one member, as next() would see it.
  MemberStanding standing(std::size_t member, SteadyTime now) const;
  // The members that next() would ask, one after the other, if each failed at once. No place is
  // taken and no round robin moves. `random` decides what is left to chance.
  std::vector<std::size_t> order(SteadyTime now, Random& random) const;

 private:
  using Mask = ModelRoute::Mask;
  // What a look at all members found.
  struct Look {
    Mask candidates = 0;
    Mask usable = 0;  // may be asked
    Mask full = 0;    // could, if they had a place
    Mask open = 0;
    Mask cooling = 0;
  };
  // A place that a waiter was given; left if it is not taken.
  class GivenPlace {
   public:
    explicit GivenPlace(Places* places) : places_(places) {}
    ~GivenPlace() {
      if (places_ != nullptr) places_->leave();
    }
    GivenPlace(const GivenPlace&) = delete;
    GivenPlace& operator=(const GivenPlace&) = delete;

    bool is_there() const { return places_ != nullptr; }
    bool take(const Places& of) {
      if (places_ != &of) return false;
      places_ = nullptr;
      return true;
    }

   private:
    Places* places_;
  };
  enum class Panic : std::uint8_t { kNo, kYes };

  // Members that the request may go to at all.
  Mask candidates() const;
  bool is_usable_and_sound(std::size_t index, SteadyTime now) const;
  MemberStanding look_at(std::size_t index, SteadyTime now) const;
  Look look_at_all(SteadyTime now) const;
  bool is_let_through(std::size_t member, SteadyTime now) const;
  SteadyTime earliest_end(Mask members, SteadyTime now) const;

  Lease take_given(GivenPlace& given, const Look& look, SteadyTime now);
  Lease choose(Mask usable, SteadyTime now);
  std::size_t preferred(Mask usable, BalancePositions& positions, Random& random,
                        SteadyTime now) const;
  Lease enter(std::size_t member, SteadyTime now);
  Lease begin(std::size_t member, SteadyTime now, Panic panic = Panic::kNo);
  Lease panic(Mask open, SteadyTime now);
  std::size_t first_to_close(Mask open) const;

  Step wait_or_give_up(const Look& look, SteadyTime now);
  bool may_repeat_round(const Look& look) const;
  Step next_round(SteadyTime now);
  bool may_retry(SteadyTime now);
  bool enter_queue(SteadyTime now);
  void leave_queue();

  Chooser& chooser_;
  const ModelRoute& route_;
  const Asked asked_;
  const SteadyTime deadline_;
  const For purpose_;
  Mask tried_ = 0;    // in this round
  Mask refused_ = 0;  // not to be asked again in any round
  std::size_t attempts_ = 0;
  std::size_t rounds_ = 0;
  SteadyTime backoff_until_{};
  SteadyTime queue_until_{};          // zero: it has not waited yet
  std::uint32_t shared_retries_ = 0;  // of RetryBudget::Grant::kShare
  bool retry_is_granted_ = false;
  bool loss_was_granted_ = false;
  bool same_target_is_allowed_ = false;
  bool is_queued_ = false;
  bool queue_was_full_ = false;
};

}  // namespace penstock::routing
