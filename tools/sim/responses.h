#pragma once

// The bodies and events of OpenAI's Responses API.
//
// A ResponseWriter makes everything of one answer: the response object in each of its states, its
// output items, and the events of its stream. It knows no store, time or sockets.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/answers.h"
#include "sim/event_script.h"
#include "sim/json.h"

namespace penstock::sim {

class ResponseWriter {
 public:
  // `request` is the request's body. Both outlive the writer.
  ResponseWriter(const Json& request, const AnswerPlan& plan) : request_(request), plan_(plan) {}

  std::string id() const;
  // As long as the answer is not complete: without output. `status` is `queued`, `in_progress` or
  // `cancelled`.
  Json unfinished(std::string_view status) const;
  Json finished() const;
  // It broke off: without output.
  Json failed(Json error) const;
  Json output() const;

  struct Options {
    bool finish = true;  // the event of the response's end
  };
  EventScript events(const Options& options) const;

 private:
  friend class ResponseScript;

  Json object(std::string_view status) const;
  Json usage() const;
  std::string_view final_status() const;
  // An output item as it is at its end, or as it is announced.
  Json item(const AnswerPart& part, std::size_t index) const;
  Json announced(const AnswerPart& part, std::size_t index) const;
  std::string item_id(const AnswerPart& part, std::size_t index) const;

  const Json& request_;
  const AnswerPlan& plan_;
};

// The items that `input` of a request stands for, each with an id.
Json input_items_of(const Json& request, std::uint64_t id);

}  // namespace penstock::sim
