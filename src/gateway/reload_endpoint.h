#pragma once

// POST /penstock/reload: takes the configuration again, for operators.
//
// The answer is 200 with what has changed, or 422 with the problems of a configuration that is not
// served: {"served": …, "lines": […]}, or one line each for `Accept: text/plain`.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "gateway/route.h"

namespace penstock::gateway {

struct ReloadResult {
  bool is_served = false;
  std::vector<std::string> lines;  // what has changed, or the problems; no secrets
};

// Whoever can reload: the control thread.
class Reloader {
 public:
  using Done = std::function<void(ReloadResult)>;

  virtual ~Reloader() = default;

  // Any thread. `done` is called once, on another thread, within seconds.
  virtual void request(Done done) = 0;
};

struct ReloadServices {
  Reloader* reloader = nullptr;  // null: nobody can
};

std::span<const RouteRow<ReloadServices>> reload_routes();

}  // namespace penstock::gateway
