#pragma once

// Refresher: keeps the registry's knowledge of the upstreams' models up to date.
//
// Runs on one thread, as one task for each provider. Each upstream is asked at startup, and again
// every refresh interval if the provider has refresh_models. One that fails is asked again after 1,
// 2, 4 … 60 s (plus up to a quarter at random, so that gateways do not ask in step). It logs when
// an upstream starts to fail, fails in another way, or recovers, and when entries of a list had to
// be left out.

#include <cstddef>
#include <functional>
#include <string>

#include "config/settings.h"
#include "core/clock.h"
#include "core/task.h"
#include "models/listing.h"
#include "models/registry.h"
#include "net/event_loop.h"
#include "providers/provider.h"
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
    telemetry::MetricsShard& shard;  // of the thread that it runs on
    telemetry::Log& log;
    const config::Server& server;
  };

  explicit Refresher(const Environment& environment) : environment_(environment) {}

  // Ends when `stop` is raised. `asked` is called once, after the first answer or failure. A
  // provider that cannot list its models without a caller is not asked.
  Task<void> keep_fresh(std::size_t index, providers::Provider& provider, net::Signal& stop,
                        std::function<void()> asked);

 private:
  // A provider, and what has been logged about it: unchanged states are logged once.
  struct Asked {
    std::size_t index;
    providers::Provider& provider;
    std::string failure;   // why it cannot be listed; empty: it can
    std::string notes;     // what was left out of its last list
    bool is_told = false;  // the log has been told of its models since it could not be listed
  };
  enum class Outcome { kListed, kFailed };
  Task<Outcome> refresh(Asked& asked, net::Signal& stop);
  void failed(Asked& asked, const Error& error);
  void succeeded(Asked& asked, std::size_t models, const ListNotes& notes);
  std::chrono::milliseconds with_jitter(std::chrono::milliseconds delay);

  Environment environment_;
};

}  // namespace penstock::models
