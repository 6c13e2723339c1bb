#include "sim/answers.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "sim/json_text.h"

namespace penstock::sim {
namespace {

using Kind = AnswerPart::Kind;

std::string_view finish_reason(const AnswerPlan& plan) {
  if (plan.has_call()) return "tool_calls";
  return plan.cut_short ? "length" : "stop";
}

void append_usage_object(std::string& out, const AnswerPlan& plan) {
  const std::size_t completion = plan.tokens();
  out.append("{\"prompt_tokens\":");
  append_count(out, plan.prompt_tokens);
  out.append(",\"completion_tokens\":");
  append_count(out, completion);
  out.append(",\"total_tokens\":");
  append_count(out, plan.prompt_tokens + completion);
  out.push_back('}');
}

// From the id to the model, followed by a comma.
void append_identity(std::string& out, Endpoint endpoint, const AnswerPlan& plan,
                     std::string_view object) {
  out.append(endpoint == Endpoint::kChat ? "\"id\":\"chatcmpl-" : "\"id\":\"cmpl-");
  append_hex(out, plan.id);
  out.append("\",\"object\":\"").append(object).append("\",\"created\":").append(kCreated);
  out.append(",\"model\":\"").append(plan.model->id_in_json);
  out.append("\",\"system_fingerprint\":\"fp_sim\",");
}

// From the call's id to the quote before its arguments. Calls of one answer differ by their index.
void append_call_identity(std::string& out, const AnswerPlan& plan, const AnswerPart& part,
                          std::size_t index) {
  out.append("\"id\":\"call_");
  append_hex(out, plan.id + index);
  out.append("\",\"type\":\"function\",\"function\":{\"name\":\"");
  append_json_escaped(out, part.tool);
  out.append("\",\"arguments\":\"");
}

// The member `name` with the wordings of all parts of `kind`; null if there are none.
void append_texts(std::string& out, const AnswerPlan& plan, Kind kind) {
  const auto fits = [kind](const AnswerPart& part) { return part.kind == kind; };
  if (std::none_of(plan.parts.begin(), plan.parts.end(), fits)) {
    out.append("null");
    return;
  }
  out.push_back('"');
  for (const AnswerPart& part : plan.parts) {
    if (fits(part)) part.wording.append(out);
  }
  out.push_back('"');
}

void append_message(std::string& out, const AnswerPlan& plan) {
  out.append("\"message\":{\"role\":\"assistant\",\"content\":");
  append_texts(out, plan, Kind::kText);
  out.append(",\"refusal\":null");
  const bool reasons = !plan.parts.empty() && plan.parts.front().kind == Kind::kReasoning;
  if (reasons) {
    out.append(",\"reasoning_content\":");
    append_texts(out, plan, Kind::kReasoning);
  }
  std::size_t calls = 0;
  for (const AnswerPart& part : plan.parts) {
    if (!part.is_call()) continue;
    out.append(calls == 0 ? ",\"tool_calls\":[{" : ",{");
    append_call_identity(out, plan, part, calls++);
    part.wording.append(out);
    out.append("\"}}");
  }
  out.append(calls > 0 ? "]}" : "}");
}

// The script of chat's and completions' events.
class ChunkWriter {
 public:
  ChunkWriter(Endpoint endpoint, const AnswerPlan& plan, const EventOptions& options)
      : chat_(endpoint == Endpoint::kChat), plan_(plan), options_(options) {
    head_ = "{";
    append_identity(head_, endpoint, plan, chat_ ? "chat.completion.chunk" : "text_completion");
    identity_bytes_ = head_.size();
    if (options_.include_usage) head_.append("\"usage\":null,");
    head_.append("\"choices\":[{\"index\":0,");
  }

  EventScript write() && {
    if (chat_) {
      script_.add({}, head_ + R"("delta":{"role":"assistant","content":"","refusal":null})" +
                          std::string(kOpen));
    }
    for (const AnswerPart& part : plan_.parts) add_part(part);
    if (options_.finish) add_finish();
    if (options_.include_usage) add_usage();
    if (options_.done) script_.set_last("[DONE]");
    return std::move(script_);
  }

 private:
  static constexpr std::string_view kOpen = ",\"logprobs\":null,\"finish_reason\":null}]}";

  void add_part(const AnswerPart& part) {
    if (part.is_call()) return add_call(part);
    std::string before = head_ + "\"text\":\"";
    if (chat_) {
      const bool reasoning = part.kind == Kind::kReasoning;
      before =
          head_ + (reasoning ? "\"delta\":{\"reasoning_content\":\"" : "\"delta\":{\"content\":\"");
    }
    add_run(part.wording, std::move(before), chat_ ? "\"}" : "\"");
  }

  // The first piece of a call also names it.
  void add_call(const AnswerPart& part) {
    std::string index = "\"delta\":{\"tool_calls\":[{\"index\":";
    append_count(index, calls_);
    std::string first = head_ + index + ",";
    append_call_identity(first, plan_, part, calls_++);
    std::string rest = head_ + index + ",\"function\":{\"arguments\":\"";
    constexpr std::string_view kEnd = "\"}}]}";
    add_run(part.wording.slice(0, 1), std::move(first), kEnd);
    add_run(part.wording.slice(1, part.wording.tokens()), std::move(rest), kEnd);
  }

  void add_run(Wording wording, std::string before, std::string_view after) {
    std::string behind(after);
    behind.append(kOpen);
    script_.add_run({}, std::move(wording),
                    {.before = std::move(before), .after = std::move(behind)});
  }

  void add_finish() {
    std::string event = head_;
    event.append(chat_ ? "\"delta\":{}" : "\"text\":\"\"");
    event.append(",\"logprobs\":null,\"finish_reason\":\"").append(finish_reason(plan_));
    script_.add({}, event.append("\"}]}"));
  }

  void add_usage() {
    std::string event = head_.substr(0, identity_bytes_) + "\"choices\":[],\"usage\":";
    append_usage_object(event, plan_);
    script_.add({}, event + "}");
  }

  bool chat_;
  const AnswerPlan& plan_;
  const EventOptions& options_;
  std::string head_;  // of every event, up to the choice's index
  std::size_t identity_bytes_ = 0;
  std::size_t calls_ = 0;
  EventScript script_;
};

}  // namespace

std::size_t AnswerPlan::tokens() const {
  std::size_t tokens = 0;
  for (const AnswerPart& part : parts) tokens += part.wording.tokens();
  return tokens;
}

bool AnswerPlan::has_call() const {
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.is_call(); });
}

Wording default_arguments() {
  return Wording::of(R"({"text": "penstock"})");
}

AnswerPlan plan_answer(const Model& model, const Request& request, const TokenText& text,
                       std::uint64_t tokens, std::uint64_t seed) {
  AnswerPlan plan;
  plan.model = &model;
  plan.id = hash_of(model.id, request.input.hash ^ seed);
  plan.prompt_tokens = request.input.tokens;
  if (!request.tool.empty()) {
    plan.parts.push_back({Kind::kCall, default_arguments(), request.tool});
    return plan;
  }
  const std::uint64_t length = std::min(tokens, request.max_tokens.value_or(tokens));
  plan.cut_short = length < tokens;
  plan.parts.push_back(
      {Kind::kText, Wording(text, text.start(plan.id), static_cast<std::size_t>(length))});
  return plan;
}

void append_whole_answer(std::string& out, Endpoint endpoint, const AnswerPlan& plan) {
  out.push_back('{');
  const bool chat = endpoint == Endpoint::kChat;
  append_identity(out, endpoint, plan, chat ? "chat.completion" : "text_completion");
  out.append("\"choices\":[{\"index\":0,");
  if (chat) {
    append_message(out, plan);
  } else {
    out.append("\"text\":\"");
    for (const AnswerPart& part : plan.parts) part.wording.append(out);
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

EventScript answer_events(Endpoint endpoint, const AnswerPlan& plan, const EventOptions& options) {
  return ChunkWriter(endpoint, plan, options).write();
}

}  // namespace penstock::sim
