#pragma once

// Readiness: whether one thread takes new work.

#include <atomic>

namespace penstock::gateway {

struct Readiness {
  const std::atomic<bool>& upstreams_asked;  // for their models, each once
  bool draining = false;                     // open requests end, and no inference begins
};

}  // namespace penstock::gateway
