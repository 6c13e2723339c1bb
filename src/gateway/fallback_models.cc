#include "gateway/fallback_models.h"

#include <algorithm>
#include <string>

namespace penstock::gateway {

using routing::Verdict;

void FallbackModels::add(const config::ModelRoute::Fallbacks& fallbacks, Verdict verdict) {
  if (verdict == Verdict::kPass) return;
  const std::vector<std::string>* names = &fallbacks.any;
  if (verdict == Verdict::kContextFallback) names = &fallbacks.context_window;
  if (verdict == Verdict::kPolicyFallback) names = &fallbacks.content_policy;
  auto at = waiting_.begin();
  for (const std::string& name : *names) {
    if (!is_known(name)) at = waiting_.insert(at, name) + 1;
  }
}

bool FallbackModels::is_known(std::string_view model) const {
  return model == first_ || std::ranges::find(visited_, model) != visited_.end() ||
         std::ranges::find(waiting_, model) != waiting_.end();
}

std::optional<Fallback> FallbackModels::next(const routing::Router& router,
                                             const models::Catalog& catalog) {
  while (!waiting_.empty()) {
    const std::string_view model = waiting_.front();
    waiting_.erase(waiting_.begin());
    visited_.push_back(model);
    if (const routing::ModelRoute* route = router.find(model))
      return Fallback{.model = model, .route = route};
    if (auto target = catalog.route(model)) return Fallback{.model = model, .target = *target};
  }
  return std::nullopt;
}

}  // namespace penstock::gateway
