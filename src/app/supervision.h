#pragma once

// Supervision: keeps the service manager informed while the server runs and ends.
//
// Owned and called by the main thread. tick() sends what is due; the other functions announce a
// change of state. If nobody listens, nothing is ever due.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "app/service_manager.h"
#include "core/clock.h"
#include "net/loop_pulse.h"

namespace penstock::app {

class Supervision {
 public:
  struct Parts {
    const Clock& clock;
    ServiceManager& manager;
    net::LoopPulse& pulse;
    std::function<std::size_t()> models;         // how many are served
    std::function<std::size_t()> open_requests;  // how many have not ended; null: nobody knows
  };
  explicit Supervision(Parts parts);

  void serving();
  // `limit`: of the drain; zero: none.
  void draining(std::chrono::milliseconds limit);

  // Sends what is due.
  void tick();
  // Until something may be due again; nullopt: nothing ever will.
  std::optional<std::chrono::nanoseconds> until_tick() const;

 private:
  std::string status() const;
  void tell_status();
  void extend_timeout();
  void watch();

  const Parts parts_;
  std::optional<SteadyTime> drain_ends_;  // while a drain with a limit goes on
  bool is_draining_ = false;
  std::string told_status_;
  SteadyTime next_status_;
  SteadyTime next_watch_;
};

}  // namespace penstock::app
