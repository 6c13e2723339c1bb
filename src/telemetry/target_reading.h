#pragma once

// TargetReading: what a page of metrics says about one target of the models' routes, as plain data.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::telemetry {

struct TargetReading {
  // As the values of penstock_target_state.
  enum class State : std::uint8_t { kUsable = 0, kCooling = 1, kOpen = 2, kHalfOpen = 3 };
  struct Family {
    std::string_view name;  // a literal
    State state = State::kUsable;
  };

  std::string provider;
  std::string model;
  std::uint64_t in_flight = 0;
  double cooldown_seconds = 0;                       // that are left
  std::optional<double> first_content_seconds = {};  // nullopt: nothing has been measured
  std::vector<Family> families = {};                 // of routes
};

}  // namespace penstock::telemetry
