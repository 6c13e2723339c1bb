#pragma once

// RouteExplanation: where a request for a model would go now, and why not elsewhere.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/routing.h"
#include "core/clock.h"
#include "routing/plan.h"

namespace penstock::gateway {

struct RouteExplanation {
  struct Candidate {
    std::string provider;
    std::string model;                 // `*`: as the client named it
    std::optional<std::size_t> place;  // in the order in which targets are asked, from 1; or none
    std::size_t priority = 0;
    std::size_t weight = 0;
    std::uint32_t in_flight = 0;
    std::size_t max_concurrency = 0;  // zero: no limit
    routing::Standing standing = routing::Standing::kUsable;
    std::optional<std::chrono::duration<double>> left;  // of its cooldown, or until its probe
    std::optional<routing::FailureClass> last_failure;
  };

  std::string model;      // as the client names it
  std::string asked_for;  // the path
  // Of a model that one provider serves: who, and its name there.
  std::string provider;
  std::string upstream_model;
  // Of a model's route.
  std::string route;
  bool is_hidden = false;
  std::string balance;
  std::optional<std::uint64_t> affinity_key;
  std::vector<Candidate> candidates;  // those that are asked first, in their order
  config::ModelRoute::Fallbacks fallbacks;

  std::string json() const;
  // A table for people.
  std::string text() const;
};

// Nothing is changed by asking.
RouteExplanation explain(routing::Chooser& chooser, const routing::ModelRoute& route,
                         const routing::Asked& asked, SteadyTime now);

// For programs: `cooling`.
std::string_view name_of(routing::Standing standing);

}  // namespace penstock::gateway
