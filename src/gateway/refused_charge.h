#pragma once

// What a client is told that has reached a limit of its key.

#include <chrono>
#include <optional>

#include "core/error.h"
#include "limits/charge.h"

namespace penstock::gateway {

// In the words of OpenAI's API, which clients show to people. Errors: kKeyConcurrency,
// kKeyRequests, kKeyTokens, kBudgetExceeded.
Error error_of(const limits::Refusal& refusal);

// After what time the same request would pass; nullopt: not by waiting a little.
std::optional<std::chrono::milliseconds> retry_after(const limits::Refusal& refusal);

}  // namespace penstock::gateway
