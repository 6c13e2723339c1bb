#pragma once

// What remains of the rates of a request's accounts, for the client to see.

#include <optional>
#include <span>
#include <string_view>

#include "limits/account.h"

namespace penstock::limits {

struct RateView {
  std::int64_t amount = 0;  // in a period
  std::int64_t remaining = 0;
  std::chrono::nanoseconds until_full{0};
};

// Of all rates of these quantities that a request for `model` is charged to, the one of which the
// smallest share remains; nullopt: there is none. An empty model is not known yet.
std::optional<RateView> tightest_rate(const Accounts& accounts,
                                      std::span<const config::Quantity> quantities,
                                      std::string_view model, SteadyTime now);
// Whether there is any.
bool have_rates(const Accounts& accounts);

}  // namespace penstock::limits
