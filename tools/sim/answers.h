#pragma once

// The bodies and events of answers, in OpenAI's shapes.
//
// Plain functions that append to a string; nothing here knows time or sockets. An AnswerPlan
// describes an answer, and equal plans give equal bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/embeddings.h"
#include "sim/models.h"
#include "sim/request.h"
#include "sim/token_text.h"

namespace penstock::sim {

// `created` of everything: answers do not depend on the time.
inline constexpr std::string_view kCreated = "1767225600";

struct AnswerPlan {
  Endpoint endpoint = Endpoint::kChat;
  const Model* model = nullptr;
  std::uint64_t id = 0;
  std::size_t start = 0;   // in the TokenText
  std::size_t tokens = 0;  // of the answer
  std::size_t prompt_tokens = 0;
  bool cut_short = false;  // max_tokens was smaller than the answer's length
  std::string tool;        // escaped for JSON; the answer is a call of that function
};

AnswerPlan plan_answer(Endpoint endpoint, const Model& model, const Request& request,
                       const TokenText& text, std::uint64_t tokens, std::uint64_t seed);

// A whole chat completion or text completion.
void append_whole_answer(std::string& out, const AnswerPlan& plan, const TokenText& text);

// A whole list of embeddings.
void append_embeddings(std::string& out, const Model& model, const Request& request,
                       std::size_t dimensions, const Embeddings& embeddings);

// The data of a stream's events, one after the other: the role (chat only), each token, the finish
// reason, the usage if requested. [DONE] is the caller's.
class EventWriter {
 public:
  struct Options {
    bool include_usage = false;
    bool finish = true;
    bool stamp = false;  // `stamp_ns`: CLOCK_MONOTONIC in nanoseconds, when the event is written
  };

  EventWriter(AnswerPlan plan, const TokenText& text, Options options);

  bool finished() const { return next_ == events_; }
  // How many tokens the stream has sent when the next event is due: the pace is counted in tokens.
  std::size_t tokens_before_next() const;
  std::size_t tokens() const { return token_events(); }
  void append_next(std::string& out);

 private:
  std::size_t token_events() const;
  static void stamp(std::string& out);
  void append_object(std::string& out);
  void append_token(std::string& out, std::size_t index) const;
  void append_tool_piece(std::string& out, std::size_t index) const;
  void append_finish(std::string& out) const;
  void append_usage(std::string& out) const;

  AnswerPlan plan_;
  const TokenText& text_;
  Options options_;
  std::string head_;  // of every event, up to the choices
  std::size_t first_token_event_ = 0;
  std::size_t events_ = 0;
  std::size_t next_ = 0;
};

}  // namespace penstock::sim
