#pragma once

// What a model answers, whichever API asks: an AnswerPlan. And the bodies and events of chat,
// completions and embeddings, in OpenAI's shapes.
//
// Plain functions that append to a string; nothing here knows time or sockets. Equal plans give
// equal bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/embeddings.h"
#include "sim/event_script.h"
#include "sim/models.h"
#include "sim/request.h"
#include "sim/token_text.h"
#include "sim/wording.h"

namespace penstock::sim {

// `created` of everything: answers do not depend on the time.
inline constexpr std::uint64_t kCreatedSeconds = 1'767'225'600;
inline constexpr std::string_view kCreated = "1767225600";

// One part of an answer.
struct AnswerPart {
  enum class Kind : std::uint8_t {
    kReasoning,
    kText,
    kCall,        // of a function; the wording is its arguments as JSON
    kCustomCall,  // of a custom tool; the wording is its input
  };
  Kind kind = Kind::kText;
  Wording wording;
  std::string tool = {};            // the name
  std::string tool_namespace = {};  // that the request offers the tool in; empty: none

  bool is_call() const { return kind == Kind::kCall || kind == Kind::kCustomCall; }
};

struct AnswerPlan {
  const Model* model = nullptr;
  std::uint64_t id = 0;
  std::size_t prompt_tokens = 0;
  std::vector<AnswerPart> parts = {};
  bool cut_short = false;  // max_tokens was smaller than the answer's length

  std::size_t tokens() const;
  bool has_call() const;
};

// An answer of made-up prose, or the call that the request's tool_choice demands.
AnswerPlan plan_answer(const Model& model, const Request& request, const TokenText& text,
                       std::uint64_t tokens, std::uint64_t seed);

// The arguments of a call that nothing else is known about.
Wording default_arguments();

// A whole chat completion or text completion.
void append_whole_answer(std::string& out, Endpoint endpoint, const AnswerPlan& plan);

// A whole list of embeddings.
void append_embeddings(std::string& out, const Model& model, const Request& request,
                       std::size_t dimensions, const Embeddings& embeddings);

struct EventOptions {
  bool include_usage = false;
  bool finish = true;
  bool done = true;
};

// The events of a streamed chat completion or text completion: the role (chat only), each token,
// the finish reason, the usage if requested, [DONE].
EventScript answer_events(Endpoint endpoint, const AnswerPlan& plan, const EventOptions& options);

}  // namespace penstock::sim
