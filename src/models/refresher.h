#pragma once

// Refresher: keeps the registry's knowledge of the upstreams' models fresh.
//
// Runs on one thread, as one task a provider. Each upstream is asked at start, and again every
// refresh interval where the provider says refresh_models; one that fails is asked again after 1,
// 2, 4 … 60 s (with up to a quarter more by chance, so that gateways do not ask in step). The log
// has a line when an upstream begins to fail, or fails in another way, and one when it recovers;
// and one for entries of a list that had to be left out.

#include <cstddef>
#include <functional>
#include <string>

#include "config/settings.h"
#include "core/clock.h"
#include "core/task.h"
#include "models/listing.h"
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
    telemetry::MetricsShard& shard;  // of the thread that it runs on
    telemetry::Log& log;
    const config::Server& server;
  };

  explicit Refresher(const Environment& environment) : environment_(environment) {}

  // Ends when `stop` is raised. `asked` is called once, after the first answer or failure. A
  // provider without base_url is not asked at all.
  Task<void> keep_fresh(std::size_t index, providers::Passthrough& provider, net::Signal& stop,
                        std::function<void()> asked);

 private:
  // A provider, and what the log knows of it: what stays as it is is told once.
  struct Asked {
    std::size_t index;
    providers::Passthrough& provider;
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
