#pragma once

// FallbackModels: the models that a request may go on to, in the order in which they are tried.
//
// A route that cannot serve a request names others (ModelRoute::Fallbacks); those may have
// fallbacks of their own. No model is tried twice. What has the names outlives it.

#include <optional>
#include <string_view>
#include <vector>

#include "config/routing.h"
#include "models/catalog.h"
#include "routing/plan.h"
#include "routing/router.h"

namespace penstock::gateway {

// Another model: along its route, or without one to the provider that serves it.
struct Fallback {
  std::string_view model;
  const routing::ModelRoute* route = nullptr;
  models::Catalog::Target target = {};
};

class FallbackModels {
 public:
  // `model`: the one that the client asks for.
  explicit FallbackModels(std::string_view model) : first_(model) {}

  std::string_view first() const { return first_; }
  // After a route has ended with that verdict. Its fallbacks come before those that wait.
  void add(const config::ModelRoute::Fallbacks& fallbacks, routing::Verdict verdict);
  // The next one that is served at present.
  std::optional<Fallback> next(const routing::Router& router, const models::Catalog& catalog);

 private:
  bool is_known(std::string_view model) const;

  const std::string_view first_;
  std::vector<std::string_view> visited_;  // beside the first
  std::vector<std::string_view> waiting_;
};

}  // namespace penstock::gateway
