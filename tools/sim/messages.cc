#include "sim/messages.h"

#include <utility>

#include "sim/json_text.h"

namespace penstock::sim {
namespace {

using Kind = AnswerPart::Kind;

std::string signature_of(const AnswerPlan& plan) {
  return "EpensTockSimSig" + hex(plan.id) + "==";
}

}  // namespace

Json MessageWriter::usage(std::size_t output_tokens) const {
  return {{"input_tokens", plan_.prompt_tokens},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", 0},
          {"output_tokens", output_tokens},
          {"service_tier", "standard"}};
}

std::string_view MessageWriter::stop_reason() const {
  if (plan_.has_call()) return "tool_use";
  return plan_.cut_short ? "max_tokens" : "end_turn";
}

Json MessageWriter::envelope() const {
  return {{"model", plan_.model->id}, {"id", "msg_" + hex(plan_.id)},
          {"type", "message"},        {"role", "assistant"},
          {"content", Json::array()}, {"stop_reason", nullptr},
          {"stop_sequence", nullptr}, {"usage", usage(1)}};
}

Json MessageWriter::opened(const AnswerPart& part, std::size_t index) const {
  switch (part.kind) {
    case Kind::kReasoning:
      return {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}};
    case Kind::kText:
      return {{"type", "text"}, {"text", ""}};
    case Kind::kCall:
    case Kind::kCustomCall:
      break;
  }
  return {{"type", "tool_use"},
          {"id", "toolu_" + hex(plan_.id + index)},
          {"name", part.tool},
          {"input", Json::object()}};
}

Json MessageWriter::block(const AnswerPart& part, std::size_t index) const {
  Json block = opened(part, index);
  const std::string words = part.wording.plain();
  if (part.kind == Kind::kReasoning) {
    if (options_.show_thinking) block["thinking"] = words;
    block["signature"] = signature_of(plan_);
  } else if (part.kind == Kind::kText) {
    block["text"] = words;
  } else {
    Json input = Json::parse(words, nullptr, false);
    if (input.is_object()) block["input"] = std::move(input);
  }
  return block;
}

Json MessageWriter::whole() const {
  Json message = envelope();
  for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
    message["content"].push_back(block(plan_.parts[i], i));
  }
  message["stop_reason"] = stop_reason();
  message["usage"] = usage(plan_.tokens());
  return message;
}

class MessageScript {
 public:
  explicit MessageScript(const MessageWriter& writer) : writer_(writer) {}

  EventScript write() && {
    add("message_start", {{"message", writer_.envelope()}});
    const auto& parts = writer_.plan_.parts;
    for (index_ = 0; index_ < parts.size(); ++index_) add_block(parts[index_]);
    if (writer_.options_.finish) {
      add("message_delta",
          {{"delta", {{"stop_reason", writer_.stop_reason()}, {"stop_sequence", nullptr}}},
           {"usage", writer_.usage(writer_.plan_.tokens())}});
    }
    if (writer_.options_.done) add("message_stop", Json::object());
    return std::move(script_);
  }

 private:
  void add(const std::string& type, const Json& members) {
    Json event{{"type", type}};
    event.update(members);
    script_.add(type, text_of(event));
  }

  void add_deltas(const AnswerPart& part, std::string_view type, std::string_view name) {
    std::string before = R"({"type":"content_block_delta","index":)";
    append_count(before, index_);
    before.append(R"(,"delta":{"type":")").append(type).append("\",\"").append(name);
    before.append("\":\"");
    script_.add_run("content_block_delta", part.wording,
                    {.before = std::move(before), .after = "\"}}"});
  }

  void add_block(const AnswerPart& part) {
    add("content_block_start",
        {{"index", index_}, {"content_block", writer_.opened(part, index_)}});
    if (index_ == 0) add("ping", Json::object());
    if (part.kind == Kind::kReasoning) {
      if (writer_.options_.show_thinking) add_deltas(part, "thinking_delta", "thinking");
      const std::string signature = signature_of(writer_.plan_);
      add("content_block_delta",
          {{"index", index_}, {"delta", {{"type", "signature_delta"}, {"signature", signature}}}});
    } else if (part.kind == Kind::kText) {
      add_deltas(part, "text_delta", "text");
    } else {
      add_deltas(part, "input_json_delta", "partial_json");
    }
    add("content_block_stop", {{"index", index_}});
  }

  const MessageWriter& writer_;
  EventScript script_{Dialect::kAnthropic};
  std::size_t index_ = 0;
};

EventScript MessageWriter::events() const {
  return MessageScript(*this).write();
}

}  // namespace penstock::sim
