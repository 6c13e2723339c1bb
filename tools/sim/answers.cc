#include "sim/answers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "core/text.h"

namespace penstock::sim {
namespace {

void append_count(std::string& out, std::uint64_t count) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), count).ptr;
  out.append(digits.data(), end);
}

void append_id(std::string& out, std::uint64_t id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kDigits[(id >> shift) & 15]);
}

// The arguments of a tool call, as a JSON string's contents, in the pieces of a stream.
constexpr std::array<std::string_view, 4> kArguments = {"{\\\"text\\\":", "\\\"pen", "stock",
                                                        "\\\"}"};

std::size_t completion_tokens(const AnswerPlan& plan) {
  return plan.tool.empty() ? plan.tokens : kArguments.size();
}

std::string_view finish_reason(const AnswerPlan& plan) {
  if (!plan.tool.empty()) return "tool_calls";
  return plan.cut_short ? "length" : "stop";
}

void append_usage_object(std::string& out, const AnswerPlan& plan) {
  const std::size_t completion = completion_tokens(plan);
  out.append("{\"prompt_tokens\":");
  append_count(out, plan.prompt_tokens);
  out.append(",\"completion_tokens\":");
  append_count(out, completion);
  out.append(",\"total_tokens\":");
  append_count(out, plan.prompt_tokens + completion);
  out.push_back('}');
}

// From the id to the model, followed by a comma.
void append_identity(std::string& out, const AnswerPlan& plan, std::string_view object) {
  out.append(plan.endpoint == Endpoint::kChat ? "\"id\":\"chatcmpl-" : "\"id\":\"cmpl-");
  append_id(out, plan.id);
  out.append("\",\"object\":\"").append(object).append("\",\"created\":").append(kCreated);
  out.append(",\"model\":\"").append(plan.model->id_in_json);
  out.append("\",\"system_fingerprint\":\"fp_sim\",");
}

void append_call_identity(std::string& out, const AnswerPlan& plan) {
  out.append("\"id\":\"call_");
  append_id(out, plan.id);
  out.append("\",\"type\":\"function\",\"function\":{\"name\":\"").append(plan.tool);
  out.append("\",\"arguments\":\"");
}

void append_message(std::string& out, const AnswerPlan& plan, const TokenText& text) {
  out.append("\"message\":{\"role\":\"assistant\",\"content\":");
  if (plan.tool.empty()) {
    out.push_back('"');
    text.append(out, plan.start, plan.tokens);
    out.append("\",\"refusal\":null}");
    return;
  }
  out.append("null,\"refusal\":null,\"tool_calls\":[{");
  append_call_identity(out, plan);
  for (const std::string_view piece : kArguments) out.append(piece);
  out.append("\"}}]}");
}

}  // namespace

AnswerPlan plan_answer(Endpoint endpoint, const Model& model, const Request& request,
                       const TokenText& text, std::uint64_t tokens, std::uint64_t seed) {
  AnswerPlan plan;
  plan.endpoint = endpoint;
  plan.model = &model;
  plan.id = hash_of(model.id, request.input.hash ^ seed);
  plan.start = text.start(plan.id);
  plan.tokens = static_cast<std::size_t>(std::min(tokens, request.max_tokens.value_or(tokens)));
  plan.cut_short = plan.tokens < tokens;
  plan.prompt_tokens = request.input.tokens;
  append_json_escaped(plan.tool, request.tool);
  return plan;
}

void append_whole_answer(std::string& out, const AnswerPlan& plan, const TokenText& text) {
  out.push_back('{');
  const bool chat = plan.endpoint == Endpoint::kChat;
  append_identity(out, plan, chat ? "chat.completion" : "text_completion");
  out.append("\"choices\":[{\"index\":0,");
  if (chat) {
    append_message(out, plan, text);
  } else {
    out.append("\"text\":\"");
    text.append(out, plan.start, plan.tokens);
    out.push_back('"');
  }
  out.append(",\"logprobs\":null,\"finish_reason\":\"").append(finish_reason(plan));
  out.append("\"}],\"usage\":");
  append_usage_object(out, plan);
  out.push_back('}');
}

void append_embeddings(std::string& out, const Model& model, const Request& request,
                       std::size_t dimensions, const Embeddings& embeddings) {
  out.append("{\"object\":\"list\",\"data\":[");
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    const Input& input = request.inputs[i];
    tokens += input.tokens;
    out.append(i == 0 ? "{" : ",{").append("\"object\":\"embedding\",\"index\":");
    append_count(out, i);
    out.append(",\"embedding\":");
    if (request.base64) {
      out.push_back('"');
      embeddings.append_base64(out, input.hash, dimensions);
      out.push_back('"');
    } else {
      embeddings.append_numbers(out, input.hash, dimensions);
    }
    out.push_back('}');
  }
  out.append("],\"model\":\"").append(model.id_in_json).append("\",\"usage\":{\"prompt_tokens\":");
  append_count(out, tokens);
  out.append(",\"total_tokens\":");
  append_count(out, tokens);
  out.append("}}");
}

EventWriter::EventWriter(AnswerPlan plan, const TokenText& text, Options options)
    : plan_(std::move(plan)), text_(text), options_(options) {
  const bool chat = plan_.endpoint == Endpoint::kChat;
  append_identity(head_, plan_, chat ? "chat.completion.chunk" : "text_completion");
  if (options_.include_usage) head_.append("\"usage\":null,");
  first_token_event_ = chat ? 1 : 0;
  events_ = first_token_event_ + token_events() + (options_.finish ? 1 : 0) +
            (options_.include_usage ? 1 : 0);
}

std::size_t EventWriter::token_events() const {
  return completion_tokens(plan_);
}

std::size_t EventWriter::tokens_before_next() const {
  if (next_ < first_token_event_) return 0;
  return std::min(next_ - first_token_event_, token_events());
}

void EventWriter::append_next(std::string& out) {
  append_object(out);
  if (options_.stamp) stamp(out);
}

// As the last member, so that events of one stream begin alike, like those of real services.
void EventWriter::stamp(std::string& out) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  out.pop_back();
  out.append(",\"stamp_ns\":");
  append_count(out, static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()));
  out.push_back('}');
}

void EventWriter::append_object(std::string& out) {
  out.push_back('{');
  const std::size_t event = next_++;
  const std::size_t behind_tokens = first_token_event_ + token_events();
  if (event >= behind_tokens) {
    if (event == behind_tokens && options_.finish) {
      append_finish(out);
    } else {
      append_usage(out);
    }
    return;
  }
  out.append(head_).append("\"choices\":[{\"index\":0,");
  if (event < first_token_event_) {
    out.append("\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}");
  } else if (plan_.tool.empty()) {
    append_token(out, event - first_token_event_);
  } else {
    append_tool_piece(out, event - first_token_event_);
  }
  out.append(",\"logprobs\":null,\"finish_reason\":null}]}");
}

void EventWriter::append_token(std::string& out, std::size_t index) const {
  const bool chat = plan_.endpoint == Endpoint::kChat;
  out.append(chat ? "\"delta\":{\"content\":\"" : "\"text\":\"");
  out.append(text_.token(plan_.start, index)).append(chat ? "\"}" : "\"");
}

// The first piece of a call also names it.
void EventWriter::append_tool_piece(std::string& out, std::size_t index) const {
  out.append("\"delta\":{\"tool_calls\":[{\"index\":0,");
  if (index == 0) {
    append_call_identity(out, plan_);
  } else {
    out.append("\"function\":{\"arguments\":\"");
  }
  out.append(kArguments[index]).append("\"}}]}");
}

void EventWriter::append_finish(std::string& out) const {
  out.append(head_).append("\"choices\":[{\"index\":0,");
  out.append(plan_.endpoint == Endpoint::kChat ? "\"delta\":{}" : "\"text\":\"\"");
  out.append(",\"logprobs\":null,\"finish_reason\":\"").append(finish_reason(plan_));
  out.append("\"}]}");
}

void EventWriter::append_usage(std::string& out) const {
  constexpr std::string_view kNoUsage = "\"usage\":null,";
  out.append(head_, 0, head_.size() - kNoUsage.size()).append("\"choices\":[],\"usage\":");
  append_usage_object(out, plan_);
  out.push_back('}');
}

}  // namespace penstock::sim
