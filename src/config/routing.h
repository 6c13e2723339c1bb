#pragma once

// The section `routing`: models that several upstreams serve, as plain values.
//
// A route leads a client's name of a model to targets. Each rule is complete for each route: what a
// route does not say, routing.defaults says. docs/routing.md explains the meaning,
// docs/configuration.md has every key.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

using std::chrono::milliseconds;

// How one of several usable targets is chosen.
enum class Balance : std::uint8_t {
  kWeighted,   // smooth weighted round robin
  kLeastBusy,  // the less busy of two, by requests for each unit of weight
  kLatency,    // the faster of two, by the time to the first content and the requests in flight
  kRoundRobin,
  kRandom,
  kFirst,  // in the order of the file; the next one only while those before cannot be used
};

// The time limits of a provider, a route or a target. nullopt: not set here; a wider place says
// (config/timeouts.h). Zero of first_token and request: no limit; the others have one.
struct RouteTimeouts {
  std::optional<milliseconds> connect = {};
  std::optional<milliseconds> first_byte = {};   // the head of the answer
  std::optional<milliseconds> first_token = {};  // its first content
  std::optional<milliseconds> between_bytes = {};
  std::optional<milliseconds> request = {};  // from its arrival to the end of the answer

  bool operator==(const RouteTimeouts&) const = default;
};

struct RetryRules {
  // At most `percent` of a route's requests in flight, and `min_per_second`, may be retries.
  struct Budget {
    double percent = 20;
    double min_per_second = 3;
    bool operator==(const Budget&) const = default;
  };
  // The wait before a target is asked again, where there is no other: it doubles.
  struct Backoff {
    milliseconds initial{250};
    milliseconds max{5'000};
    bool operator==(const Backoff&) const = default;
  };

  std::vector<int> on_statuses;          // retried beside those that are by their class
  std::vector<int> never_on_statuses;    // passed on, whatever their class
  bool lost = true;                      // also after the whole request has been sent
  std::size_t body_bytes = 1024 * 1024;  // larger bodies are sent again only if nothing was sent
  Budget budget;
  Backoff backoff;

  bool operator==(const RetryRules&) const = default;
};

struct CooldownRules {
  enum class Scope : std::uint8_t {
    kTarget,      // the target's model only
    kCredential,  // all targets of its provider
  };

  milliseconds standard{5'000};  // `default`: where the answer does not tell; doubles in a row
  milliseconds min{100};
  milliseconds max{600'000};
  milliseconds quota{600'000};      // after an answer that says that the quota is spent
  milliseconds credential{60'000};  // after one that refuses the operator's key
  milliseconds model{60'000};       // after one that does not know the model
  Scope scope = Scope::kTarget;
  bool read_message = true;  // also `Please try again in 1.2s` within the error's text
  bool proactive = false;    // also after a success that says that nothing remains

  bool operator==(const CooldownRules&) const = default;
};

struct BreakerRules {
  std::size_t failures = 5;       // in a row
  double failure_rate = 0.5;      // or this part of the requests of a window,
  std::size_t min_requests = 20;  // if it had so many
  milliseconds window{10'000};
  milliseconds open_for{10'000};  // doubles each time that the probe fails
  milliseconds open_max{300'000};
  std::size_t successes = 2;         // of probes, one at a time
  milliseconds slow_start{10'000};   // in which the weight grows from a tenth to the whole
  double max_ejected_percent = 100;  // of a route's targets

  bool operator==(const BreakerRules&) const = default;
};

// The start of a stream is held until its first content, while another target is left.
struct HoldRules {
  std::size_t bytes = 64 * 1024;
  std::size_t events = 64;

  bool operator==(const HoldRules&) const = default;
};

struct AffinityRules {
  enum class Key : std::uint8_t {
    kSession,         // a header that names a session
    kPromptCacheKey,  // of the body
    kUser,            // safety_identifier, user or metadata.user_id of the body
    kPrefix,          // tools, system and the first message of the user
    kApiKey,          // the client's
  };
  enum class OnPinnedDown : std::uint8_t { kError, kStrip, kAny };

  std::vector<Key> keys;  // the first that a request has counts; empty: no affinity
  std::size_t prefix_bytes = 4096;
  OnPinnedDown on_pinned_down = OnPinnedDown::kError;

  bool operator==(const AffinityRules&) const = default;
};

// Requests that wait until a target can be used.
struct QueueRules {
  std::size_t size = 100;
  milliseconds wait{0};  // zero: none waits

  bool operator==(const QueueRules&) const = default;
};

struct HedgeRules {
  std::optional<milliseconds> delay;  // nullopt with is_on: the route's 95th percentile
  bool is_on = false;
  double max_percent = 5;   // of the route's requests of a minute
  bool with_tools = false;  // also requests with tools

  bool operator==(const HedgeRules&) const = default;
};

// Regular requests that show whether a target is there. They never generate tokens.
struct CheckRules {
  bool is_on = false;
  std::string path = "/v1/models";
  milliseconds interval{10'000};
  milliseconds timeout{5'000};

  bool operator==(const CheckRules&) const = default;
};

// Rules of a route, each of which routing.defaults can set.
struct RouteRules {
  std::size_t attempts = 3;  // hedges included
  Balance balance = Balance::kWeighted;
  RetryRules retry;
  CooldownRules cooldown;
  BreakerRules breaker;
  HoldRules hold;
  AffinityRules affinity;
  QueueRules queue;
  HedgeRules hedge;
  CheckRules check;
  RouteTimeouts timeouts;

  bool operator==(const RouteRules&) const = default;
};

struct RouteTarget {
  std::size_t provider = 0;         // position in Settings::providers
  std::string model;                // the provider's name for it; empty: the request's
  std::size_t weight = 1;           // zero: only for sessions that are bound to it
  std::size_t priority = 0;         // the lowest that can be used counts
  std::size_t max_concurrency = 0;  // requests at once, of all threads; zero: no limit
  RouteTimeouts timeouts;
};

struct ModelRoute {
  // Other models, tried in this order after an error of that kind.
  struct Fallbacks {
    std::vector<std::string> any;
    std::vector<std::string> context_window;
    std::vector<std::string> content_policy;
  };
  // Of the targets of one route.
  static constexpr std::size_t kTargetsMax = 64;

  std::string model;       // the client's name; one that ends in `*` is a prefix
  bool hidden = false;     // not in lists of models, and only reached as a fallback
  bool is_written = true;  // in `routing`; else made of registered models with one name
  std::vector<RouteTarget> targets;
  Fallbacks fallbacks;
  RouteRules rules;
};

struct Routing {
  RouteRules defaults;             // of every model
  std::vector<ModelRoute> routes;  // in the order of the file; those that are not written come last
};

}  // namespace penstock::config
