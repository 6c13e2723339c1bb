#include "routing/failure.h"

namespace penstock::routing {
namespace {

using Cooldown = FailureRule::Cooldown;
using Next = FailureRule::Next;

constexpr bool kHealth = true;
constexpr bool kNoHealth = false;

// In the order of FailureClass.
constexpr std::array<FailureRule, kFailureClassCount> kRules = {{
    {FailureClass::kUnsent, "unsent", kHealth, Cooldown::kNone, Next::kAnotherTarget},
    {FailureClass::kLost, "lost", kHealth, Cooldown::kNone, Next::kAnotherTarget},
    {FailureClass::kTimeoutConnect, "timeout_connect", kHealth, Cooldown::kNone,
     Next::kAnotherTarget},
    {FailureClass::kTimeoutFirstByte, "timeout_first_byte", kHealth, Cooldown::kNone,
     Next::kAnotherTarget},
    {FailureClass::kTimeoutFirstToken, "timeout_first_token", kHealth, Cooldown::kNone,
     Next::kAnotherTarget},
    {FailureClass::kBrokenStream, "broken_stream", kHealth, Cooldown::kNone, Next::kNone},
    {FailureClass::kRateLimited, "rate_limited", kNoHealth, Cooldown::kTold,
     Next::kOnlyAnotherTarget},
    {FailureClass::kQuota, "quota", kNoHealth, Cooldown::kQuota, Next::kOnlyAnotherTarget},
    {FailureClass::kCredential, "credential", kNoHealth, Cooldown::kCredential,
     Next::kOnlyAnotherTarget},
    {FailureClass::kOverloaded, "overloaded", kHealth, Cooldown::kIfTold, Next::kAnotherTarget},
    {FailureClass::kServer, "server", kHealth, Cooldown::kIfTold, Next::kAnotherTarget},
    {FailureClass::kConflict, "conflict", kNoHealth, Cooldown::kNone, Next::kAnotherTarget},
    {FailureClass::kNotHere, "not_here", kNoHealth, Cooldown::kModel, Next::kOnlyAnotherTarget},
    {FailureClass::kContext, "context", kNoHealth, Cooldown::kNone, Next::kContextFallback},
    {FailureClass::kPolicy, "policy", kNoHealth, Cooldown::kNone, Next::kPolicyFallback},
    {FailureClass::kSealed, "sealed", kNoHealth, Cooldown::kNone, Next::kNone},
    {FailureClass::kCaller, "caller", kNoHealth, Cooldown::kNone, Next::kNone},
    {FailureClass::kGone, "gone", kNoHealth, Cooldown::kNone, Next::kNone},
}};

}  // namespace

const FailureRule& rule_of(FailureClass failure) {
  return kRules.at(static_cast<std::size_t>(failure));
}

}  // namespace penstock::routing
