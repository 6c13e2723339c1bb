#pragma once

// Where what outlives the process is kept, and how limits and usage are counted: the sections
// `store`, `limits` and `server.quota`.

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/terms.h"
#include "core/secret.h"

namespace penstock::config {

enum class StoreType : std::uint8_t {
  kSqlite,    // files on this machine
  kPostgres,  // a database that several machines share
  kOff,       // nothing is kept
};
inline constexpr std::array<std::string_view, 3> kStoreTypes = {"sqlite", "postgres", "off"};

struct StoreSettings {
  StoreType type = StoreType::kSqlite;
  std::string path = "/var/lib/penstock";  // the folder of SQLite's files, and of what is spooled
  Secret url;                              // of PostgreSQL, with its password; empty: none
  Secret redis;                            // of live counters, with its password; empty: none
};

// `user:password` of the URL of a store; empty if it has none.
std::string_view user_information(std::string_view url);

// How much of its output a request reserves.
enum class Reserve : std::uint8_t {
  kExact,    // all that it may have
  kLearned,  // what requests like it have had
};
inline constexpr std::array<std::string_view, 2> kReserves = {"exact", "learned"};

// What limits that several machines share do while the store cannot be used.
enum class OnStoreDown : std::uint8_t {
  kLocal,   // each machine goes on with its part of them
  kClosed,  // requests are refused
  kOpen,    // nothing is limited
};
inline constexpr std::array<std::string_view, 3> kOnStoreDown = {"local", "closed", "open"};

struct UsageRules {
  // Whether streams are asked for their usage where clients have not.
  enum class Inject : std::uint8_t { kNever, kWhenLimited, kAlways };

  Inject inject = Inject::kWhenLimited;
  std::chrono::days retention{30};  // of rows
  bool log = true;                  // whether there are rows

  bool operator==(const UsageRules&) const = default;
};
inline constexpr std::array<std::string_view, 3> kInjections = {"never", "when_limited", "always"};

// The section `limits`; that of the server is config::Limits.
struct LimitRules {
  Terms defaults;  // of keys whose own terms have no rate and no concurrency
  Reserve reserve = Reserve::kLearned;
  OnStoreDown on_store_down = OnStoreDown::kLocal;
  UsageRules usage;

  bool operator==(const LimitRules&) const = default;
};

// The reference's budgets of requests a day, which begins at midnight in UTC.
struct Quota {
  std::int64_t anonymous_max_requests = 100;       // of all callers without a key, by address
  std::int64_t authenticated_max_requests = 1000;  // of each key
};

}  // namespace penstock::config
