#pragma once

// Terms: what an owner (a key, user, team or organization) may use, and how much of it, as plain
// values. The configuration file, the store and the administration API state them in the same form;
// docs/keys-and-limits.md explains the meaning.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/address_range.h"
#include "core/clock.h"

namespace penstock::config {

// What a key may do. Without configured keys, everybody is an administrator.
enum class Role : std::uint8_t {
  kInference,  // use models, and read lists and states
  kAdmin,      // also register models at run time, and remove them
};

// What is counted.
enum class Quantity : std::uint8_t {
  kRequests,
  kInputTokens,
  kOutputTokens,
  kTokens,  // both
  kCost,    // in millionths of a US dollar
};

// A rate: so much in each period, without windows (limits/rate.h).
struct RateRule {
  Quantity quantity = Quantity::kRequests;
  std::int64_t amount = 0;                   // more than 0
  std::chrono::milliseconds period{60'000};  // 1 s to 1 h
  std::int64_t burst = 0;                    // at once; 0: the amount
  std::string models = "*";                  // a pattern: only requests for these count

  bool operator==(const RateRule&) const = default;
};

// Whole calendar units, in the budget's time zone.
enum class BudgetUnit : std::uint8_t { kHour, kDay, kWeek, kMonth, kQuarter, kYear, kTotal };

// Where a budget's windows begin.
enum class BudgetAlignment : std::uint8_t {
  kCalendar,  // at midnight, on Mondays, on the first of a month
  kRolling,   // with the first request after the last window has ended
};

enum class OnExceeded : std::uint8_t {
  kRefuse,
  kWarn,   // pass, and tell
  kRoute,  // to another model
};

// A budget: so much in a window of time. Unlike a rate, it is kept in the store, and survives a
// restart.
struct BudgetRule {
  std::string name;  // unique among the owner's; never empty
  Quantity quantity = Quantity::kCost;
  std::int64_t amount = 0;  // at most, in each window; 0: nothing
  BudgetUnit unit = BudgetUnit::kMonth;
  std::uint32_t units = 1;  // of the unit, in a window; 1 for kTotal
  BudgetAlignment alignment = BudgetAlignment::kCalendar;
  std::string time_zone = "UTC";                  // of the IANA database
  std::string models = "*";                       // a pattern: only requests for these count
  std::vector<std::uint32_t> soft_percents = {};  // 1 to 100, rising: where it is told
  OnExceeded on_exceeded = OnExceeded::kRefuse;
  std::string route_to = {};  // of kRoute: a model
  // A temporary increase.
  std::int64_t added = 0;
  WallTime added_until{};

  bool operator==(const BudgetRule&) const = default;
};

struct Terms {
  std::vector<RateRule> rates = {};
  std::uint32_t concurrency = 0;  // requests that are open at once; 0: no limit
  std::vector<BudgetRule> budgets = {};

  // Patterns in which `*` stands for any text. Empty: all of them, or none denied.
  std::vector<std::string> models = {};
  std::vector<std::string> denied_models = {};
  std::vector<std::string> routes = {};     // paths: `/v1/chat/completions`, `/v1/audio/*`
  std::vector<std::string> providers = {};  // ids
  std::vector<AddressRange> addresses = {};
  // A model whose budget is spent, and those that are tried instead, in this order.
  std::map<std::string, std::vector<std::string>> budget_fallbacks = {};

  bool operator==(const Terms&) const = default;
};

// The shorthand `requests_per_minute` and its like: a rate of a minute for all models. The first
// function's 0 is none; the second one replaces the one that there is, and 0 removes it.
std::int64_t per_minute(const Terms& terms, Quantity quantity);
void set_per_minute(Terms& terms, Quantity quantity, std::int64_t amount);

}  // namespace penstock::config
