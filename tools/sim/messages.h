#pragma once

// The bodies and events of Anthropic's Messages API.

#include <string>

#include "sim/answers.h"
#include "sim/event_script.h"
#include "sim/json.h"

namespace penstock::sim {

class MessageWriter {
 public:
  struct Options {
    bool show_thinking = true;  // false: a thinking block has its signature only
    bool finish = true;         // the event message_delta, which has the stop reason
    bool done = true;           // the event message_stop
  };

  // `plan` outlives the writer.
  MessageWriter(const AnswerPlan& plan, Options options) : plan_(plan), options_(options) {}

  Json whole() const;
  EventScript events() const;

 private:
  friend class MessageScript;

  // Without content, stop reason and final usage.
  Json envelope() const;
  Json usage(std::size_t output_tokens) const;
  std::string_view stop_reason() const;
  // A block as it is announced, and as it is at its end.
  Json opened(const AnswerPart& part, std::size_t index) const;
  Json block(const AnswerPart& part, std::size_t index) const;

  const AnswerPlan& plan_;
  const Options options_;
};

}  // namespace penstock::sim
