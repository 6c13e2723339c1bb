#include "routing/target.h"

#include "core/stable_hash.h"

namespace penstock::routing {
namespace {

// Which cooldowns say something about the credential, so that they may concern all its targets.
bool is_of_credential(FailureRule::Cooldown kind) {
  return kind == FailureRule::Cooldown::kTold || kind == FailureRule::Cooldown::kQuota ||
         kind == FailureRule::Cooldown::kCredential;
}

constexpr std::uint32_t kGoodChecks = 2;

}  // namespace

Target::Target(std::shared_ptr<ProviderState> provider, std::string model)
    : breakers_{Breaker{line_.gates[0]}, Breaker{line_.gates[1]}, Breaker{line_.gates[2]},
                Breaker{line_.gates[3]}},
      provider_(std::move(provider)),
      model_(std::move(model)),
      hash_(stable_hash(model_, stable_hash(provider_->id))) {
  static_assert(kFamilyCount == 4);
}

std::optional<Target::LastFailure> Target::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

void Target::note(FailureClass failure, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  last_failure_ = LastFailure{failure, now};
}

void Target::cool(FailureRule::Cooldown kind, std::optional<std::chrono::nanoseconds> told,
                  SteadyTime begun, SteadyTime now, const config::CooldownRules& rules) {
  // One name that is not known says nothing about the others that such a target takes.
  if (kind == FailureRule::Cooldown::kModel && model_.empty()) return;
  const bool all =
      rules.scope == config::CooldownRules::Scope::kCredential && is_of_credential(kind);
  Cooldowns& cooldowns = all ? provider_->cooldowns : cooldowns_;
  cooldowns.failed(kind, told, begun, now, rules);
}

void Target::nothing_remains(std::chrono::nanoseconds until, SteadyTime now,
                             const config::CooldownRules& rules) {
  const bool all = rules.scope == config::CooldownRules::Scope::kCredential;
  (all ? provider_->cooldowns : cooldowns_).extend(until, now, rules);
}

void Target::check_failed(SteadyTime now, const config::BreakerRules& rules, std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  good_checks_ = 0;
  for (Breaker& breaker : breakers_) breaker.check_failed(now, rules, random);
}

void Target::check_succeeded(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (++good_checks_ < kGoodChecks) return;
  for (Breaker& breaker : breakers_) breaker.check_succeeded(now);
}

Lease::Lease(Target& target, const Origin& origin, BreakerGate::Probe probe)
    : target_(&target), origin_(origin), probe_(probe) {}

Lease::Lease(Lease&& other) noexcept
    : target_(std::exchange(other.target_, nullptr)),
      origin_(other.origin_),
      probe_(std::exchange(other.probe_, 0)),
      is_excused_(other.is_excused_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  end();
  target_ = std::exchange(other.target_, nullptr);
  origin_ = other.origin_;
  probe_ = std::exchange(other.probe_, 0);
  is_excused_ = other.is_excused_;
  return *this;
}

void Lease::succeeded(SteadyTime now, std::optional<std::chrono::nanoseconds> first_content) {
  target_->breaker_of(origin_.family)
      .succeeded(std::exchange(probe_, 0), now, origin_.rules->breaker);
  target_->cooldowns_.succeeded(origin_.begun);
  target_->provider_->cooldowns.succeeded(origin_.begun);
  if (first_content) target_->line_.latency.add(*first_content, now);
}

void Lease::failed(FailureClass failure, std::optional<std::chrono::nanoseconds> told,
                   SteadyTime now, std::uint64_t random) {
  if (failure != FailureClass::kGone && !is_excused_) {
    const FailureRule& rule = rule_of(failure);
    target_->note(failure, now);
    if (rule.counts_for_health) {
      target_->breaker_of(origin_.family)
          .failed(std::exchange(probe_, 0), now, origin_.rules->breaker, random);
    }
    target_->cool(rule.cooldown, told, origin_.begun, now, origin_.rules->cooldown);
  }
  end();
}

void Lease::end() {
  if (target_ == nullptr) return;
  if (probe_ != 0) target_->gate_of(origin_.family).return_probe(std::exchange(probe_, 0));
  std::exchange(target_, nullptr)->places_.leave();
}

}  // namespace penstock::routing
