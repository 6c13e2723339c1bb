#pragma once

// Records for the tests of the store, with every member set, and a store in a folder of its own.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "store/sqlite_store.h"
#include "support/temp_directory.h"

namespace penstock::testing {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-01-31T12:30:00.123Z
inline constexpr WallTime kNoon{milliseconds(1'769'862'600'123)};

inline store::AuditEntry entry_of(std::string action) {
  return {.at = kNoon,
          .actor = "root",
          .action = std::move(action),
          .target = "01J",
          .before = "",
          .after = "{}"};
}

inline store::Owner owner_named(store::OwnerKind kind, const store::Id& id) {
  store::Owner owner;
  owner.id = id;
  owner.kind = kind;
  owner.name = "name of " + id;
  owner.created_by = "root";
  owner.created_at = kNoon;
  return owner;
}

inline config::Terms full_terms() {
  config::Terms terms;
  terms.rates = {{.quantity = config::Quantity::kRequests, .amount = 10},
                 {.quantity = config::Quantity::kTokens,
                  .amount = 9'000,
                  .period = seconds(1),
                  .burst = 100,
                  .models = "gpt-*"}};
  terms.concurrency = 4;
  terms.budgets = {{.name = "month",
                    .quantity = config::Quantity::kCost,
                    .amount = 5'000'000,
                    .unit = config::BudgetUnit::kQuarter,
                    .units = 2,
                    .alignment = config::BudgetAlignment::kRolling,
                    .time_zone = "Europe/Berlin",
                    .models = "claude-*",
                    .soft_percents = {50, 80},
                    .on_exceeded = config::OnExceeded::kRoute,
                    .route_to = "small",
                    .added = 1'000,
                    .added_until = kNoon + hours(5)}};
  terms.budgets.emplace_back().name = "day";
  terms.models = {"gpt-*", "a \"quoted\" one"};
  terms.denied_models = {"gpt-5"};
  terms.routes = {"/v1/chat/completions"};
  terms.providers = {"openai"};
  terms.addresses = {*AddressRange::parse("10.0.0.0/8"), *AddressRange::parse("2001:db8::/32")};
  terms.budget_fallbacks = {{"large", {"medium", "small"}}, {"medium", {"small"}}};
  return terms;
}

inline store::Key key_named(const store::Id& id, unsigned char secret) {
  store::Key key;
  key.owner = owner_named(store::OwnerKind::kKey, id);
  key.hash.fill(secret);
  key.prefix = "sk-ps-abcd";
  key.last4 = "wxyz";
  return key;
}

inline store::UsageRow row_of(std::uint64_t sequence, WallTime began = kNoon) {
  store::UsageRow row;
  row.sequence = sequence;
  row.request_id = "request-" + std::to_string(sequence);
  row.began = began;
  row.key = "key";
  row.key_name = "alice";
  row.team = "team";
  row.owners = {"key", "team"};
  row.route = "POST /v1/chat/completions";
  row.model = "gpt";
  row.provider = "openai";
  row.upstream_model = "gpt-2026";
  row.status = 200;
  row.input = 100;
  row.cached = 10;
  row.cache_write = 5;
  row.output = 20;
  row.reasoning = 7;
  row.cost = 1'000;
  row.price_version = "2026-01";
  row.duration_ms = 1'500;
  row.first_token_ms = 200;
  row.attempts = 2;
  row.tags = {"project:search"};
  row.reserved_at = began;
  return row;
}

// The row's only charge is of the budget `day` of the owner `key`.
inline store::UsageRow charged_row(std::uint64_t sequence, std::int64_t amount,
                                   std::int64_t reserved, WallTime reserved_at) {
  store::UsageRow row = row_of(sequence);
  row.reserved_at = reserved_at;
  row.charges = {{.owner = "key",
                  .budget = "day",
                  .window_began = kNoon - hours(1),
                  .amount = amount,
                  .reserved = reserved}};
  return row;
}

inline store::Spent spent_of_day(std::int64_t amount, std::int64_t reserved) {
  return {.owner = "key",
          .budget = "day",
          .window_began = kNoon - hours(1),
          .amount = amount,
          .reserved = reserved};
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { open(); }

  void open() {
    store_.reset();
    Result<std::unique_ptr<store::SqliteStore>> opened = store::SqliteStore::open(folder());
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
  }
  std::filesystem::path folder() const { return directory_.path_of("store"); }
  store::Store& store() { return *store_; }
  store::Snapshot loaded() {
    Result<store::Snapshot> snapshot = store_->load();
    if (!snapshot) throw std::runtime_error(snapshot.error().message);
    return std::move(*snapshot);
  }

  TempDirectory directory_;
  std::unique_ptr<store::SqliteStore> store_;
};

}  // namespace penstock::testing
