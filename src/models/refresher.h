#pragma once

// Refresher: keeps the registry's knowledge of the upstreams' models fresh.
//
// Runs on one thread, as one task a provider. Each upstream is asked at start, and again every
// refresh interval where the provider says refresh_models; one that fails is asked again after 1,
// 2, 4 … 60 s (with up to a quarter more by chance, so that gateways do not ask in step).

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/task.h"
#include "models/registry.h"
#include "net/event_loop.h"
#include "providers/passthrough.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace penstock::models {

class Refresher {
 public:
  struct Environment {
    net::EventLoop& loop;
    Random& random;
    Registry& registry;
    telemetry::Metrics& metrics;
    telemetry::Log& log;
    std::chrono::seconds interval;
  };

  explicit Refresher(const Environment& environment) : environment_(environment) {}

  // Ends when `stop` is raised. `asked` is called once, after the first answer or failure. A
  // provider without base_url is not asked at all.
  Task<void> keep_fresh(std::size_t index, providers::Passthrough& provider, net::Signal& stop,
                        std::function<void()> asked);

 private:
  enum class Outcome { kListed, kFailed };
  Task<Outcome> refresh(std::size_t index, providers::Passthrough& provider, net::Signal& stop);
  void report(std::size_t index, const providers::Passthrough& provider, const Error& error);
  std::chrono::milliseconds with_jitter(std::chrono::milliseconds delay);

  Environment environment_;
};

}  // namespace penstock::models
