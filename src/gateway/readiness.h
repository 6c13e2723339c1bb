#pragma once

// Readiness: whether one thread takes new work, and what it says of that.

#include <atomic>
#include <cstdint>

namespace penstock::gateway {

struct Readiness {
  enum class Stage : std::uint8_t {
    kServing,
    kLeaving,   // takes work, but tells load balancers and clients to go elsewhere
    kDraining,  // open requests end, and no inference begins
  };

  const std::atomic<bool>& upstreams_asked;  // for their models, each once
  Stage stage = Stage::kServing;

  bool is_draining() const { return stage == Stage::kDraining; }
};

}  // namespace penstock::gateway
