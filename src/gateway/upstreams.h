#pragma once

// Upstreams: who can be asked, as one thread sees it.

#include <memory>
#include <vector>

#include "config/settings.h"
#include "models/catalog.h"
#include "providers/provider.h"
#include "routing/pins.h"
#include "routing/plan.h"

namespace penstock::gateway {

struct Upstreams {
  const std::vector<config::Provider>& settings;
  // In the same order.
  const std::vector<std::unique_ptr<providers::Provider>>& providers;
  // Replaced between two turns of the loop when the registry publishes: whoever needs the same one
  // for longer keeps a copy.
  const std::shared_ptr<const models::Catalog>& catalog;
  // The routes of models with several upstreams, likewise; null: there are none.
  const std::shared_ptr<routing::Chooser>& chooser;
  // Which of them has what an id names, as all threads know it; null: there is one provider.
  routing::Pins* pins = nullptr;
};

}  // namespace penstock::gateway
