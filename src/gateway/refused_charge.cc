#include "gateway/refused_charge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "config/terms_words.h"
#include "gateway/limit_fields.h"

namespace penstock::gateway {
namespace {

using config::Quantity;
using std::chrono::milliseconds;

// How long a client of a key without a place waits before it asks again.
constexpr milliseconds kPlacePatience{1'000};

// `input tokens`
std::string words_for(Quantity quantity) {
  std::string words(config::word_for(quantity, config::kQuantities));
  std::ranges::replace(words, '_', ' ');
  return words;
}

std::string shown_amount(Quantity quantity, std::int64_t amount) {
  return (quantity == Quantity::kCost ? "$" : "") + config::amount_text(quantity, amount);
}

std::string period_text(milliseconds period) {
  if (period == std::chrono::minutes(1)) return "minute";
  if (period == std::chrono::hours(1)) return "hour";
  if (period == std::chrono::seconds(1)) return "second";
  return fmt::format("{} s", std::chrono::duration<double>(period).count());
}

std::string models_text(const std::string& models) {
  return models == "*" ? std::string() : fmt::format(" of the models {}", models);
}

Error rate_error(const limits::Refusal& refusal) {
  const auto amount = [&](std::int64_t units) { return shown_amount(refusal.quantity, units); };
  const std::string limit = fmt::format(
      "{} on {}{} per {}: limit {}", refusal.account->label(), words_for(refusal.quantity),
      models_text(refusal.rate->models), period_text(refusal.rate->period), amount(refusal.limit));
  const bool is_of_requests = refusal.quantity == Quantity::kRequests;
  const ErrorKind kind = is_of_requests ? ErrorKind::kKeyRequests : ErrorKind::kKeyTokens;
  const Limit reached = is_of_requests ? Limit::kKeyRequests : Limit::kKeyTokens;
  if (refusal.wait == limits::RateMeter::kNever) {
    return Error::client(kind, fmt::format("The request is larger than the rate limit for {}, "
                                           "requested {}. Send less, or ask for fewer tokens of "
                                           "output.",
                                           limit, amount(refusal.asked)))
        .at_limit(reached);
  }
  const double seconds = std::chrono::duration<double>(refusal.wait).count();
  return Error::client(
             kind, fmt::format("Rate limit reached for {}, remaining {}, requested {}. Try again "
                               "in {:.1f} s.",
                               limit, amount(refusal.remaining), amount(refusal.asked),
                               std::ceil(seconds * 10) / 10))
      .at_limit(reached);
}

Error budget_error(const limits::Refusal& refusal) {
  const config::BudgetRule& budget = *refusal.budget;
  const auto amount = [&](std::int64_t units) { return shown_amount(refusal.quantity, units); };
  std::string message = fmt::format(
      "The budget {} of {} does not cover this request: {}{}: limit {}, remaining {}, requested "
      "{}.",
      budget.name, refusal.account->label(), words_for(refusal.quantity),
      models_text(budget.models), amount(refusal.limit), amount(refusal.remaining),
      amount(refusal.asked));
  if (refusal.resets != WallTime::max()) {
    message += fmt::format(" It begins anew at {}.", date_text(refusal.resets));
  }
  return Error::client(ErrorKind::kBudgetExceeded, std::move(message)).at_limit(Limit::kBudget);
}

}  // namespace

Error error_of(const limits::Refusal& refusal) {
  switch (refusal.by) {
    case limits::Refusal::By::kConcurrency:
      return Error::client(ErrorKind::kKeyConcurrency,
                           fmt::format("Concurrency limit reached for {}: limit {} open "
                                       "requests. Try again when one has ended.",
                                       refusal.account->label(), refusal.limit))
          .at_limit(Limit::kKeyConcurrency);
    case limits::Refusal::By::kRate:
      return rate_error(refusal);
    case limits::Refusal::By::kBudget:
      return budget_error(refusal);
  }
  return Error::gateway(ErrorKind::kInternal, "a limit without a name was reached");
}

std::optional<milliseconds> retry_after(const limits::Refusal& refusal) {
  if (refusal.by == limits::Refusal::By::kConcurrency) return kPlacePatience;
  if (refusal.by == limits::Refusal::By::kBudget) return std::nullopt;
  if (refusal.wait == limits::RateMeter::kNever) return std::nullopt;
  return std::chrono::ceil<milliseconds>(refusal.wait);
}

}  // namespace penstock::gateway
