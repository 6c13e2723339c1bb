#pragma once

// The hold: reads an answer until its first content, before anything of it is sent.
//
// Many upstreams answer 200 and say in the stream that they are overloaded. While another target is
// left, the head and the start of a stream are held until content comes, so that such an answer can
// be dropped. Of a whole answer, the first byte of its body is its content.

#include <cstdint>
#include <string>

#include "config/routing.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/task.h"
#include "gateway/upstream_answer.h"

namespace penstock::gateway {

// How the start of an answer ended.
struct AnswerStart {
  enum class Kind : std::uint8_t {
    kContent,  // it can be sent: its content has come, its end, or a bound was reached
    kError,    // the stream says an error before any content
  };
  Kind kind = Kind::kContent;
  std::string error = {};  // of kError: the event's data
};

// Fails with kCancelled, or if the upstream breaks off or takes longer than `content_until` or its
// time between bytes.
Task<Result<AnswerStart>> await_content(UpstreamAnswer& answer, const config::HoldRules& hold,
                                        SteadyTime content_until);

}  // namespace penstock::gateway
