#include "routing/balance.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace penstock::routing {
namespace {

using Mask = ModelRoute::Mask;

std::size_t lowest(Mask mask) {
  return static_cast<std::size_t>(std::countr_zero(mask));
}

Mask bit_of(std::size_t member) {
  return Mask{1} << member;
}

// The member at that place among those of the mask.
std::size_t member_at(Mask mask, std::size_t place) {
  for (; place > 0; --place) mask &= mask - 1;
  return lowest(mask);
}

constexpr std::size_t kFirstStepsMax = 256;

}  // namespace

std::size_t Balancer::choose(Mask candidates) {
  if ((candidates & (candidates - 1)) == 0) return lowest(candidates);
  switch (route_.rules().balance) {
    case config::Balance::kWeighted:
      return weighted(candidates);
    case config::Balance::kLeastBusy:
      return less_busy(two_of(candidates), candidates);
    case config::Balance::kLatency:
      return faster(two_of(candidates), candidates);
    case config::Balance::kRoundRobin:
      return round_robin(candidates);
    case config::Balance::kRandom:
      return random(candidates);
    case config::Balance::kFirst:
      break;
  }
  return lowest(candidates);
}

void Balancer::begin() {
  if (positions_.has_begun) return;
  if (route_.rules().balance == config::Balance::kWeighted) begin_weights();
  if (route_.rules().balance == config::Balance::kRoundRobin) {
    positions_.has_begun = true;
    positions_.next = random_.next() % route_.members().size();
  }
}

std::size_t Balancer::weighted(Mask candidates) {
  begin();
  return weighted_step(candidates);
}

// Every candidate gains its weight, and the chosen one pays the sum of them.
std::size_t Balancer::weighted_step(Mask candidates) {
  std::int64_t sum = 0;
  std::size_t best = lowest(candidates);
  for (Mask rest = candidates; rest != 0; rest &= rest - 1) {
    const std::size_t member = lowest(rest);
    const std::int64_t gain = thousandths(member);
    sum += gain;
    positions_.weights[member] += gain;
    if (positions_.weights[member] > positions_.weights[best]) best = member;
  }
  positions_.weights[best] -= sum;
  return best;
}

// At a random place of the round, so that threads with few requests do not all ask the same first.
void Balancer::begin_weights() {
  positions_.has_begun = true;
  positions_.weights.assign(route_.members().size(), 0);
  for (const Mask group : route_.groups()) {
    const Mask members = group & route_.weighted();
    if (members == 0) continue;
    std::size_t round = 0;
    for (Mask rest = members; rest != 0; rest &= rest - 1) {
      round += route_.members()[lowest(rest)].settings->weight;
    }
    const std::size_t steps = random_.next() % std::min(round, kFirstStepsMax);
    for (std::size_t i = 0; i < steps; ++i) weighted_step(members);
  }
}

std::size_t Balancer::round_robin(Mask candidates) {
  begin();
  const Mask later = candidates & ~(bit_of(positions_.next) - 1);
  const std::size_t member = lowest(later != 0 ? later : candidates);
  positions_.next = (member + 1) % route_.members().size();
  return member;
}

std::size_t Balancer::random(Mask candidates) {
  const auto count = static_cast<std::size_t>(std::popcount(candidates));
  return member_at(candidates, random_.next() % count);
}

std::pair<std::size_t, std::size_t> Balancer::two_of(Mask candidates) {
  const std::size_t one = random(candidates);
  return {one, random(candidates & ~bit_of(one))};
}

std::size_t Balancer::less_busy(std::pair<std::size_t, std::size_t> two, Mask candidates) {
  const double first = load(two.first);
  const double second = load(two.second);
  if (first != second) return first < second ? two.first : two.second;
  return latency(two.second, candidates) < latency(two.first, candidates) ? two.second : two.first;
}

std::size_t Balancer::faster(std::pair<std::size_t, std::size_t> two, Mask candidates) {
  const double first = latency(two.first, candidates) * load(two.first);
  const double second = latency(two.second, candidates) * load(two.second);
  return second < first ? two.second : two.first;
}

// The requests for each unit of weight, with the one that is to come.
double Balancer::load(std::size_t member) const {
  const double requests = route_.members()[member].target->in_flight() + 1.0;
  return requests / static_cast<double>(thousandths(member));
}

// One without samples is taken for an average one: zero would send everything to it.
double Balancer::latency(std::size_t member, Mask candidates) const {
  if (const auto own = route_.members()[member].target->latency_seconds(now_)) return *own;
  double sum = 0;
  std::size_t count = 0;
  for (Mask rest = candidates; rest != 0; rest &= rest - 1) {
    if (const auto other = route_.members()[lowest(rest)].target->latency_seconds(now_)) {
      sum += *other;
      ++count;
    }
  }
  return count == 0 ? 1 : sum / static_cast<double>(count);
}

std::int64_t Balancer::thousandths(std::size_t member) const {
  const ModelRoute::Member& asked = route_.members()[member];
  const auto weight = static_cast<std::int64_t>(std::max<std::size_t>(asked.settings->weight, 1));
  const BreakerGate::View breaker = asked.target->breaker(family_);
  if (!breaker.is_closed() || breaker.time == SteadyTime{}) return weight * 1000;
  const double share = slow_start_share(breaker.time, now_, route_.rules().breaker.slow_start);
  return std::max<std::int64_t>(
      static_cast<std::int64_t>(static_cast<double>(weight) * 1000 * share), 1);
}

}  // namespace penstock::routing
