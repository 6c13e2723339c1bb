#pragma once

// The request to an upstream: its head and its body with the edits, sent until there is an answer
// that is no redirect.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/attempt_scope.h"
#include "gateway/passed_request.h"
#include "gateway/upstream_answer.h"
#include "providers/call.h"
#include "wire/bodies/model_names.h"

namespace penstock::gateway {

// Whom to ask, and what models are called there. All of it outlives the attempt.
struct AttemptTarget {
  std::size_t provider = 0;                          // position in Settings::providers
  std::string_view model;                            // that the body names first
  std::span<const std::string> further_models = {};  // beside it, quoted as JSON
  const wire::ModelNames* names = nullptr;           // of models that the client has named earlier
};

// A call and its answer, which uses the call's connections.
struct Asked {
  std::optional<providers::Call> call;
  std::optional<UpstreamAnswer> answer;
};

// The body is sent unchanged around the models' names. A coroutine of its own, so that the written
// request is not kept while the answer arrives. On success, `asked` has an answer.
Task<Status> ask_upstream(AttemptScope& scope, const PassedRequest& passed,
                          const AttemptTarget& target, Asked& asked);

}  // namespace penstock::gateway
