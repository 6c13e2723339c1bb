#pragma once

// TargetChecks: regular requests that show whether the upstreams of model routes are there, before
// a client's request does (config::CheckRules).
//
// One task for each provider that is a target of a route with checks, on one thread. A check has a
// connection of its own, so that clients' requests do not delay it. Any answer but one that says
// that the service or the key does not work shows that it is there. A check that could not begin
// says nothing: the provider's connections are all in use, or only callers can ask it. The log is
// told when the checks of an upstream begin to fail, and when they do no more.

#include <memory>
#include <vector>

#include "config/routing.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/task.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "net/task_group.h"
#include "providers/provider.h"
#include "routing/router.h"
#include "telemetry/log.h"

namespace penstock::gateway {

class TargetChecks {
 public:
  // All of it outlives the tasks.
  struct Parts {
    net::EventLoop& loop;
    Random& random;
    http::ScratchPool& scratch;
    const std::vector<std::unique_ptr<providers::Provider>>& providers;
    std::shared_ptr<const routing::Router> router;  // null: there is nothing to check
    telemetry::Log& log;
  };
  explicit TargetChecks(Parts parts) : parts_(std::move(parts)) {}

  // Adds the tasks, which end when `stopping` is raised.
  void start(net::TaskGroup& tasks, net::Signal& stopping);

 private:
  // A target, with the rules of the first route that has it and checks.
  struct Checked {
    std::shared_ptr<routing::Target> target;
    const config::RouteRules* rules;
  };
  struct Subject {
    std::size_t provider = 0;
    std::vector<Checked> targets;
  };

  std::vector<Subject> subjects() const;
  Task<void> keep_checking(Subject subject, net::Signal& stopping);
  void tell(const providers::Provider& provider, const Status& checked,
            providers::UpstreamReport& report);
  Task<Status> check(providers::Provider& provider, const config::CheckRules& rules,
                     net::Signal& stopping);
  std::chrono::nanoseconds pause(const config::CheckRules& rules);

  const Parts parts_;
};

}  // namespace penstock::gateway
