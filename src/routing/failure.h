#pragma once

// The classes of failure: what a failed attempt means for its target, and for the request.
//
// One table says it for all APIs and for whole and streamed answers. classify() puts the outcome of
// an attempt into a class: an Error of the gateway's own, a status with the upstream's error, or an
// error event that began a stream. It is a pure function.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "config/routing.h"
#include "core/error.h"

namespace penstock::routing {

enum class FailureClass : std::uint8_t {
  kUnsent,          // no connection, or none of the request's bytes were taken
  kLost,            // the connection broke before an answer
  kTimeoutConnect,  // our own limits
  kTimeoutFirstByte,
  kTimeoutFirstToken,
  kBrokenStream,  // the answer broke off after it had begun
  kRateLimited,
  kQuota,       // the account's money or quota is spent
  kCredential,  // our key is refused
  kOverloaded,
  kServer,
  kConflict,
  kNotHere,  // the model is not known there
  kContext,  // the prompt is too long for the model
  kPolicy,   // the content is refused
  kSealed,   // an item that another account has sealed
  kCaller,   // every other mistake of the caller's
  kGone,     // the client has gone
};
inline constexpr std::size_t kFailureClassCount = 18;

// What a class asks for.
struct FailureRule {
  enum class Cooldown : std::uint8_t {
    kNone,
    kIfTold,      // if the answer says for how long
    kTold,        // as the answer says, else CooldownRules::standard, doubled in a row
    kQuota,       // CooldownRules::quota, or longer if told
    kCredential,  // CooldownRules::credential
    kModel,       // CooldownRules::model
  };
  enum class Next : std::uint8_t {
    kNone,           // the answer passes to the client
    kAnotherTarget,  // and the same target if there is no other, after a wait
    kOnlyAnotherTarget,
    kContextFallback,  // another model, of fallbacks.context_window
    kPolicyFallback,   // another model, of fallbacks.content_policy
  };

  FailureClass failure = FailureClass::kCaller;
  std::string_view name;  // in logs and metrics: `rate_limited`
  bool counts_for_health = false;
  Cooldown cooldown = Cooldown::kNone;
  Next next = Next::kNone;
};

const FailureRule& rule_of(FailureClass failure);
inline std::string_view name_of(FailureClass failure) {
  return rule_of(failure).name;
}

// The value of a field of an answer's head, by its lower-case name.
using FieldOf = std::function<std::optional<std::string_view>(std::string_view)>;

// What an upstream answered that is no success.
struct ErrorAnswer {
  int status = 0;              // of an error event in a 200: the one that the error stands for
  std::string_view text = {};  // the body, or the event's data; may be cut, or no JSON
  bool operators_key = true;   // whose key the request carried
  FieldOf field = {};          // of the head, which may name the error; empty: it is not asked
};

// `rules` add statuses (as kServer), and take statuses away (as kCaller).
FailureClass classify(const ErrorAnswer& answer, const config::RetryRules& rules);

// The phase in which an attempt failed by itself.
enum class AttemptPhase : std::uint8_t { kConnect, kHead, kFirstContent, kBody };
FailureClass classify(const Error& error, AttemptPhase phase);

}  // namespace penstock::routing
