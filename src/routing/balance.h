#pragma once

// How one of several usable members of a group is chosen (config::Balance).
//
// Pure functions of what is known about the candidates, but for the positions of the round robins,
// which each thread has for itself.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "config/routing.h"
#include "core/clock.h"
#include "routing/router.h"

namespace penstock::routing {

// Of one route, on one thread.
struct BalancePositions {
  std::vector<std::int64_t> weights;  // of the smooth weighted round robin, by member
  std::size_t next = 0;               // of the round robin: a member
  bool has_begun = false;
};

// Chooses one of `candidates`, which are not empty.
class Balancer {
 public:
  Balancer(const ModelRoute& route, Family family, BalancePositions& positions, Random& random,
           SteadyTime now)
      : route_(route), family_(family), positions_(positions), random_(random), now_(now) {}

  std::size_t choose(ModelRoute::Mask candidates);
  // Gives a round robin its beginning, which chance decides, if it has none yet.
  void begin();

 private:
  std::size_t weighted(ModelRoute::Mask candidates);
  std::size_t weighted_step(ModelRoute::Mask candidates);
  void begin_weights();
  std::size_t round_robin(ModelRoute::Mask candidates);
  std::size_t random(ModelRoute::Mask candidates);
  std::pair<std::size_t, std::size_t> two_of(ModelRoute::Mask candidates);
  std::size_t less_busy(std::pair<std::size_t, std::size_t> two, ModelRoute::Mask candidates);
  std::size_t faster(std::pair<std::size_t, std::size_t> two, ModelRoute::Mask candidates);
  double load(std::size_t member) const;
  double latency(std::size_t member, ModelRoute::Mask candidates) const;
  // The weight, with the slow start.
  std::int64_t thousandths(std::size_t member) const;

  const ModelRoute& route_;
  const Family family_;
  BalancePositions& positions_;
  Random& random_;
  const SteadyTime now_;
};

}  // namespace penstock::routing
