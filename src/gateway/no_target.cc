#include "gateway/no_target.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace penstock::gateway {

using routing::Step;

namespace {

// What is said before and after the model's name.
struct WhyText {
  std::string_view before;
  std::string_view after;
};

WhyText why_text(Step::Why why) {
  switch (why) {
    case Step::Why::kNoCandidate:
      return {"no target", " can take the request"};
    case Step::Why::kAllCooling:
      return {"all targets", " are cooling down"};
    case Step::Why::kAllFull:
      return {"all targets", " are at max_concurrency"};
    case Step::Why::kQueueFull:
      return {"too many requests wait for a target", ""};
    case Step::Why::kDeadline:
      return {"the time for the request ended before a target", " could be asked"};
    case Step::Why::kAllTried:
    case Step::Why::kAttempts:
    case Step::Why::kBudget:
      break;
  }
  return {"no target", " is left to try"};
}

}  // namespace

Error no_target(std::string_view model, Step::Why why, std::optional<SteadyTime> usable_at,
                SteadyTime now) {
  constexpr std::size_t kNameShownBytes = 256;
  const bool is_cooling = why == Step::Why::kAllCooling;
  const auto [before, after] = why_text(why);
  std::string message =
      fmt::format("{} of the model '{}'{}", before, model.substr(0, kNameShownBytes), after);
  if (is_cooling && usable_at && *usable_at > now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*usable_at - now);
    message += "; the first can be asked in " + std::to_string(left.count()) + " s";
  }
  return Error::gateway(is_cooling ? ErrorKind::kRateLimited : ErrorKind::kOverloaded,
                        std::move(message));
}

bool all_are_cooling(const routing::Plan& plan, SteadyTime now) {
  bool one_is = false;
  for (std::size_t member = 0; member < plan.route().members().size(); ++member) {
    switch (plan.standing(member, now).standing) {
      case routing::Standing::kOtherProvider:
      case routing::Standing::kNotPinned:
      case routing::Standing::kDraining:
        break;
      case routing::Standing::kCooling:
        one_is = true;
        break;
      default:
        return false;
    }
  }
  return one_is;
}

}  // namespace penstock::gateway
