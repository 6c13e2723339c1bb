#pragma once

// A Router of one route, `smart`, whose targets are of the providers a, b, c and so on.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "routing/plan.h"
#include "routing/router.h"

namespace penstock::routing {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// What tests say of a target.
struct Shape {
  std::size_t weight = 1;
  std::size_t priority = 0;
  std::size_t max_concurrency = 0;
};
using Shapes = std::vector<Shape>;

inline std::shared_ptr<config::Settings> settings_with(const Shapes& shapes) {
  auto settings = std::make_shared<config::Settings>();
  config::ModelRoute route;
  route.model = "smart";
  route.rules.retry.budget = {.percent = 0, .min_per_second = 1e6};
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    config::Provider provider;
    provider.id = std::string(1, static_cast<char>('a' + i % 26)) + (i < 26 ? "" : "2");
    settings->providers.push_back(std::move(provider));
    config::RouteTarget target;
    target.provider = i;
    target.model = "m";
    target.weight = shapes[i].weight;
    target.priority = shapes[i].priority;
    target.max_concurrency = shapes[i].max_concurrency;
    route.targets.push_back(std::move(target));
  }
  settings->routing.routes.push_back(std::move(route));
  return settings;
}

// One thread with a clock of its own.
class RouteFixture {
 public:
  explicit RouteFixture(std::shared_ptr<config::Settings> settings, std::uint64_t seed = 1)
      : settings_(std::move(settings)), random_(seed) {}
  explicit RouteFixture(const Shapes& shapes) : RouteFixture(settings_with(shapes)) {}
  explicit RouteFixture(std::size_t targets) : RouteFixture(Shapes(targets)) {}

  // To be changed before the first plan.
  config::ModelRoute& written() { return settings_->routing.routes.front(); }
  config::RouteRules& rules() { return written().rules; }

  const std::shared_ptr<const Router>& router() {
    if (router_ == nullptr) router_ = std::make_shared<const Router>(settings_);
    return router_;
  }
  Chooser& chooser() {
    if (chooser_ == nullptr) chooser_ = std::make_unique<Chooser>(router(), random_);
    return *chooser_;
  }
  const ModelRoute& route() { return *router()->routes().front(); }
  Target& target(std::size_t index) { return *route().members()[index].target; }

  SteadyTime now() const { return clock_.steady(); }
  void advance(nanoseconds by) { clock_.advance(by); }

  Plan plan(const Asked& asked = {}, seconds limit = seconds{1000}) {
    return Plan(chooser(), route(), asked, now(), now() + limit);
  }
  // Who would serve a request now; then it has. -1: nobody.
  int served_by(const Asked& asked = {}) {
    Plan plan = this->plan(asked);
    Step step = plan.next(now());
    if (step.kind != Step::Kind::kTarget) return -1;
    plan.succeeded(step.lease, now(), milliseconds{100});
    return static_cast<int>(step.lease.position());
  }
  // A request whose only attempt is at that target, and fails. False: it was not asked.
  bool fail(std::size_t index, FailureClass failure, std::optional<nanoseconds> told = {},
            Family family = Family::kChat) {
    Plan plan = this->plan({.family = family, .pinned = &target(index)});
    Step step = plan.next(now());
    if (step.kind != Step::Kind::kTarget) return false;
    plan.failed(step.lease, failure, told, Repeatable::kNo, now());
    return true;
  }

 private:
  const std::shared_ptr<config::Settings> settings_;
  SeededRandom random_;
  FakeClock clock_;
  std::shared_ptr<const Router> router_;
  std::unique_ptr<Chooser> chooser_;
};

}  // namespace penstock::routing
