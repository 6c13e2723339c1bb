#include "gateway/target_outcome.h"

#include <cstddef>
#include <cstdint>

namespace penstock::gateway {
namespace {

using routing::FailureClass;
using telemetry::HedgeResult;

// After the classes of failure.
constexpr std::size_t kOk = routing::kFailureClassCount;
constexpr std::size_t kHedgeLost = kOk + 1;
constexpr std::size_t kOutcomeCount = kHedgeLost + 1;

std::size_t index_of(const TargetAttemptFacts& attempt) {
  if (attempt.lost_race) return kHedgeLost;
  return attempt.failure ? static_cast<std::size_t>(*attempt.failure) : kOk;
}

std::string_view name_at(std::size_t index) {
  if (index == kOk) return "ok";
  if (index == kHedgeLost) return "hedge_lost";
  return routing::name_of(static_cast<FailureClass>(index));
}

}  // namespace

std::vector<std::string> outcome_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kOutcomeCount; ++i) names.emplace_back(name_at(i));
  return names;
}

telemetry::OutcomeId outcome_of(const TargetAttemptFacts& attempt) {
  return telemetry::OutcomeId{static_cast<std::uint16_t>(index_of(attempt))};
}

std::string_view outcome_name(const TargetAttemptFacts& attempt) {
  return name_at(index_of(attempt));
}

HedgeResult hedge_result_of(const TargetAttemptFacts& attempt) {
  if (attempt.lost_race) return HedgeResult::kLost;
  // An answer that breaks off had won before.
  if (!attempt.failure || *attempt.failure == FailureClass::kBrokenStream) return HedgeResult::kWon;
  return *attempt.failure == FailureClass::kGone ? HedgeResult::kGone : HedgeResult::kFailed;
}

}  // namespace penstock::gateway
