#include "limits/view.h"

#include <algorithm>

#include "config/model_name.h"

namespace penstock::limits {
namespace {

double share_of(const RateView& view) {
  return static_cast<double>(view.remaining) / static_cast<double>(view.amount);
}

}  // namespace

std::optional<RateView> tightest_rate(const Accounts& accounts,
                                      std::span<const config::Quantity> quantities,
                                      std::string_view model, SteadyTime now) {
  std::optional<RateView> tightest;
  for (const auto& account : accounts) {
    for (const RateLimit& limit : account->rates()) {
      if (std::ranges::find(quantities, limit.rule.quantity) == quantities.end()) continue;
      if (!config::fits_pattern(model, limit.rule.models)) continue;
      const RateMeter::View left = limit.meter->view(limit.rate, now);
      const RateView view{
          .amount = limit.rule.amount, .remaining = left.remaining, .until_full = left.until_full};
      if (!tightest || share_of(view) < share_of(*tightest)) tightest = view;
    }
  }
  return tightest;
}

bool have_rates(const Accounts& accounts) {
  return std::ranges::any_of(accounts,
                             [](const auto& account) { return !account->rates().empty(); });
}

}  // namespace penstock::limits
