#pragma once

// AnswerHold: reads an answer until its first content, before anything of it is sent.
//
// Many upstreams answer 200 and say in the stream that they are overloaded. While another target is
// left, the head and the start of a stream are held until content comes, so that such an answer can
// be dropped. Of a whole answer, the first bytes of its body tell: it is content, or an error too.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/routing.h"
#include "core/clock.h"
#include "core/result.h"
#include "core/task.h"
#include "gateway/upstream_answer.h"
#include "net/wait.h"
#include "wire/sse/whole_event.h"

namespace penstock::gateway {

// How the start of an answer ended.
struct AnswerStart {
  enum class Kind : std::uint8_t {
    kContent,  // it can be sent: its content has come, its end, or a bound was reached
    kError,    // it says an error before any content
  };
  Kind kind = Kind::kContent;
  std::string error = {};  // of kError: the event's data, or the whole body
};

// The hold of one answer. Belongs to its attempt.
class AnswerHold {
 public:
  // All of it outlives the hold. `content_until`: when the content must have come.
  AnswerHold(UpstreamAnswer& answer, const config::HoldRules& rules, SteadyTime content_until)
      : answer_(answer), rules_(rules), content_until_(content_until) {}
  AnswerHold(const AnswerHold&) = delete;
  AnswerHold& operator=(const AnswerHold&) = delete;

  // Takes what came with the head, if that is enough: whole answers seldom need await().
  Status take_what_is_there();
  bool is_over() const { return is_over_; }
  // To its end. Fails with kCancelled, or if the upstream breaks off or takes longer than
  // `content_until` or its time between bytes.
  Task<Status> await();
  // After its end.
  AnswerStart& start() { return start_; }

 private:
  Status take_part();
  Status check_wait(net::Woken woken) const;
  bool look_at_events(std::string_view complete);
  void look_at_last_event(std::string_view event);
  bool look_at_whole(std::string_view text);

  UpstreamAnswer& answer_;
  const config::HoldRules& rules_;
  const SteadyTime content_until_;
  AnswerStart start_;
  bool is_over_ = false;
  // The events that have arrived.
  wire::EventSplitter splitter_;
  std::size_t begin_ = 0;      // of the event that is looked at
  std::size_t looked_at_ = 0;  // to there
  std::size_t events_ = 0;
};

}  // namespace penstock::gateway
