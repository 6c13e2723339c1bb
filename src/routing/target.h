#pragma once

// A target: one upstream with one name of a model, and what all threads know about it.
//
// Routes with the same (provider, model) share one. Requests read and write one line of memory of
// it (`Line`); everything else is taken by failures, changes of state and displays. The rules that
// a verdict is judged by are those of the route that the request came by.
//
// A Lease is one attempt at a target. While it exists, it is counted as in flight.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "config/routing.h"
#include "core/clock.h"
#include "routing/breaker.h"
#include "routing/cooldowns.h"
#include "routing/failure.h"
#include "routing/family.h"
#include "routing/latency.h"
#include "routing/places.h"

namespace penstock::routing {

// What the targets of a provider share: the cooldown of its credential.
struct ProviderState {
  explicit ProviderState(std::string provider_id) : id(std::move(provider_id)) {}

  const std::string id;
  CooldownWords words;
  Cooldowns cooldowns{words};
};

class Lease;

class Target {
 public:
  // `model` is empty if the target takes the name that a request has.
  Target(std::shared_ptr<ProviderState> provider, std::string model);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string& provider_id() const { return provider_->id; }
  const std::string& model() const { return model_; }
  std::uint64_t hash() const { return hash_; }  // of provider and model; the same on every node

  std::uint32_t in_flight() const { return places_.taken(); }
  bool is_full(std::uint32_t limit) const { return places_.is_full(limit); }
  Places& places() { return places_; }
  SteadyTime cooling_until() const {
    return std::max(line_.cooldown.end(), provider_->words.end());
  }
  bool is_cooling(SteadyTime now) const { return now < cooling_until(); }
  BreakerGate::View breaker(Family family) const {
    return line_.gates[static_cast<std::size_t>(family)].view();
  }
  // Neither cooling nor kept back by its breaker: what most targets are at most times.
  bool is_sound(Family family, SteadyTime now) const {
    return !is_cooling(now) && line_.gates[static_cast<std::size_t>(family)].is_closed();
  }
  std::optional<double> latency_seconds(SteadyTime now) const { return line_.latency.seconds(now); }

  // The last failure, for displays.
  struct LastFailure {
    FailureClass failure = FailureClass::kGone;
    SteadyTime at{};
  };
  std::optional<LastFailure> last_failure() const;

  // A success says that nothing remains (CooldownRules::proactive).
  void nothing_remains(std::chrono::nanoseconds until, SteadyTime now,
                       const config::CooldownRules& rules);
  // An active check failed: it opens. Or was good: two in a row half-open it.
  void check_failed(SteadyTime now, const config::BreakerRules& rules, std::uint64_t random);
  void check_succeeded(SteadyTime now);

 private:
  friend class Lease;
  friend class Plan;

  struct alignas(64) Line {
    PlaceCounts places;
    CooldownWords cooldown;
    Latency latency;
    std::array<BreakerGate, kFamilyCount> gates;
  };
  static_assert(sizeof(Line) == 64);

  void note(FailureClass failure, SteadyTime now);
  void cool(FailureRule::Cooldown kind, std::optional<std::chrono::nanoseconds> told,
            SteadyTime begun, SteadyTime now, const config::CooldownRules& rules);
  Breaker& breaker_of(Family family) { return breakers_[static_cast<std::size_t>(family)]; }
  BreakerGate& gate_of(Family family) { return line_.gates[static_cast<std::size_t>(family)]; }

  Line line_;
  Places places_{line_.places};
  Cooldowns cooldowns_{line_.cooldown};
  std::array<Breaker, kFamilyCount> breakers_;
  const std::shared_ptr<ProviderState> provider_;
  const std::string model_;
  const std::uint64_t hash_;
  mutable std::mutex mutex_;  // of last_failure_ and the checks
  std::optional<LastFailure> last_failure_;
  std::uint32_t good_checks_ = 0;
};

// One attempt. Belongs to the thread of its request, and lives no longer than the Router that its
// Plan came from. Destroyed without a verdict (the client has gone, another attempt was faster), it
// says nothing about its target, and a probe is free again.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease() { end(); }

  explicit operator bool() const { return target_ != nullptr; }
  const Target& target() const { return *target_; }
  std::size_t position() const { return origin_.position; }  // in the route's targets
  SteadyTime begun() const { return origin_.begun; }
  bool is_probe() const { return probe_ != 0; }

  // The first content has come, `first_content` after the attempt began; nullopt: that is no
  // measure (an answer that says nothing about speed). A stream that breaks off later has also
  // failed.
  void succeeded(SteadyTime now, std::optional<std::chrono::nanoseconds> first_content);
  void failed(FailureClass failure, std::optional<std::chrono::nanoseconds> told, SteadyTime now,
              std::uint64_t random);
  void end();
  // What follows is the caller's doing: failed() says nothing about the target.
  void excuse() { is_excused_ = true; }

 private:
  friend class Plan;
  struct Origin {
    const config::RouteRules* rules = nullptr;
    std::size_t position = 0;
    Family family = Family::kChat;
    SteadyTime begun{};
  };
  // Of one that has its place (Places::enter()).
  Lease(Target& target, const Origin& origin, BreakerGate::Probe probe);

  Target* target_ = nullptr;
  Origin origin_;
  BreakerGate::Probe probe_ = 0;  // until its verdict
  bool is_excused_ = false;
};

}  // namespace penstock::routing
