#include "sim/responses.h"

#include <array>
#include <utility>

#include "sim/json_text.h"

namespace penstock::sim {
namespace {

using Kind = AnswerPart::Kind;

// What stands in an encrypted reasoning item; nobody can read it.
constexpr std::string_view kSealed = "gAAAAABpenstockSim";

bool includes_sealed_reasoning(const Json& request) {
  const Json* include = member(request, "include");
  if (include == nullptr) return false;
  for (const Json& what : *include) {
    if (what == "reasoning.encrypted_content") return true;
  }
  return false;
}

Json text_part(std::string text) {
  return {{"type", "output_text"},
          {"annotations", Json::array()},
          {"logprobs", Json::array()},
          {"text", std::move(text)}};
}

Json summary_part(std::string text) {
  return {{"type", "summary_text"}, {"text", std::move(text)}};
}

// Input items are numbered from here, so that they differ from the output's.
constexpr std::uint64_t kInputItems = 0x100;

// What may be left out in a request's items, and is there in those that are listed.
void complete(Json& item, std::uint64_t id) {
  if (!item.contains("type")) item["type"] = "message";
  if (!item.contains("id")) item["id"] = "msg_" + hex(id);
  if (item["type"] != "message") return;
  if (!item.contains("status")) item["status"] = "completed";
  const Json* content = member(item, "content");
  if (content == nullptr || !content->is_string()) return;
  const bool answer = text_member(item, "role") == "assistant";
  item["content"] = Json::array(
      {answer ? text_part(*content) : Json{{"type", "input_text"}, {"text", *content}}});
}

}  // namespace

std::string ResponseWriter::id() const {
  return "resp_" + hex(plan_.id);
}

std::string_view ResponseWriter::final_status() const {
  return plan_.cut_short ? "incomplete" : "completed";
}

// The request's members are echoed, as the service does: a response can be large by them.
Json ResponseWriter::object(std::string_view status) const {
  const auto echoed = [this](std::string_view name, Json otherwise) {
    const Json* given = member(request_, name);
    return given != nullptr ? *given : otherwise;
  };
  const bool incomplete = status == "incomplete";
  Json object;
  object["id"] = id();
  object["object"] = "response";
  object["created_at"] = kCreatedSeconds;
  object["status"] = status;
  object["background"] = echoed("background", false);
  object["completed_at"] = status == "completed" ? Json(kCreatedSeconds) : Json(nullptr);
  if (const Json* conversation = member(request_, "conversation")) {
    object["conversation"] =
        conversation->is_string() ? Json{{"id", *conversation}} : *conversation;
  }
  object["error"] = nullptr;
  object["incomplete_details"] = incomplete ? Json{{"reason", "max_output_tokens"}} : Json(nullptr);
  object["instructions"] = echoed("instructions", nullptr);
  object["max_output_tokens"] = echoed("max_output_tokens", nullptr);
  object["max_tool_calls"] = echoed("max_tool_calls", nullptr);
  object["model"] = plan_.model->id;
  object["output"] = Json::array();
  object["parallel_tool_calls"] = echoed("parallel_tool_calls", true);
  object["previous_response_id"] = echoed("previous_response_id", nullptr);
  object["prompt_cache_key"] = echoed("prompt_cache_key", nullptr);
  object["reasoning"] = echoed("reasoning", {{"effort", nullptr}, {"summary", nullptr}});
  object["safety_identifier"] = echoed("safety_identifier", nullptr);
  object["service_tier"] = "default";
  object["store"] = echoed("store", true);
  object["temperature"] = echoed("temperature", 1.0);
  object["text"] = echoed("text", {{"format", {{"type", "text"}}}, {"verbosity", "medium"}});
  object["tool_choice"] = echoed("tool_choice", "auto");
  object["tools"] = echoed("tools", Json::array());
  object["top_logprobs"] = echoed("top_logprobs", 0);
  object["top_p"] = echoed("top_p", 1.0);
  object["truncation"] = echoed("truncation", "disabled");
  object["usage"] = nullptr;
  object["user"] = echoed("user", nullptr);
  object["metadata"] = echoed("metadata", Json::object());
  return object;
}

Json ResponseWriter::unfinished(std::string_view status) const {
  return object(status);
}

Json ResponseWriter::finished() const {
  Json whole = object(final_status());
  whole["output"] = output();
  whole["usage"] = usage();
  return whole;
}

Json ResponseWriter::failed(Json error) const {
  Json broken = object("failed");
  broken["error"] = std::move(error);
  return broken;
}

Json ResponseWriter::output() const {
  Json items = Json::array();
  for (std::size_t i = 0; i < plan_.parts.size(); ++i) items.push_back(item(plan_.parts[i], i));
  return items;
}

Json ResponseWriter::usage() const {
  std::size_t reasoning = 0;
  for (const AnswerPart& part : plan_.parts) {
    if (part.kind == Kind::kReasoning) reasoning += part.wording.tokens();
  }
  const std::size_t tokens = plan_.tokens();
  return {{"input_tokens", plan_.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", 0}, {"cache_write_tokens", 0}}},
          {"output_tokens", tokens},
          {"output_tokens_details", {{"reasoning_tokens", reasoning}}},
          {"total_tokens", plan_.prompt_tokens + tokens}};
}

std::string ResponseWriter::item_id(const AnswerPart& part, std::size_t index) const {
  static constexpr std::array<std::string_view, 4> kPrefixes = {"rs_", "msg_", "fc_", "ctc_"};
  return std::string(kPrefixes.at(static_cast<std::size_t>(part.kind))) + hex(plan_.id + index);
}

Json ResponseWriter::item(const AnswerPart& part, std::size_t index) const {
  Json item = announced(part, index);
  const std::string words = part.wording.plain();
  const bool last = index + 1 == plan_.parts.size();
  switch (part.kind) {
    case Kind::kReasoning:
      item["summary"].push_back(summary_part(words));
      break;
    case Kind::kText:
      item["content"].push_back(text_part(words));
      item["status"] = last ? final_status() : "completed";
      break;
    case Kind::kCall:
      item["arguments"] = words;
      item["status"] = "completed";
      break;
    case Kind::kCustomCall:
      item["input"] = words;
      item["status"] = "completed";
      break;
  }
  return item;
}

Json ResponseWriter::announced(const AnswerPart& part, std::size_t index) const {
  Json item{{"id", item_id(part, index)}};
  if (part.kind == Kind::kReasoning) {
    item["type"] = "reasoning";
    if (includes_sealed_reasoning(request_)) item["encrypted_content"] = kSealed;
    item["summary"] = Json::array();
    return item;
  }
  if (part.kind == Kind::kText) {
    item["type"] = "message";
    item["status"] = "in_progress";
    item["content"] = Json::array();
    item["role"] = "assistant";
    return item;
  }
  const bool custom = part.kind == Kind::kCustomCall;
  item["type"] = custom ? "custom_tool_call" : "function_call";
  item["status"] = "in_progress";
  item[custom ? "input" : "arguments"] = "";
  item["call_id"] = "call_" + hex(plan_.id + index);
  item["name"] = part.tool;
  if (!part.tool_namespace.empty()) item["namespace"] = part.tool_namespace;
  return item;
}

// The events, numbered from 0.
class ResponseScript {
 public:
  explicit ResponseScript(const ResponseWriter& writer) : writer_(writer) {}

  EventScript write(const ResponseWriter::Options& options) && {
    const bool queued = writer_.request_.value("background", false);
    const std::string_view status = queued ? "queued" : "in_progress";
    add("response.created", {{"response", writer_.unfinished(status)}});
    if (queued) add("response.queued", {{"response", writer_.unfinished(status)}});
    add("response.in_progress", {{"response", writer_.unfinished("in_progress")}});
    const auto& parts = writer_.plan_.parts;
    for (index_ = 0; index_ < parts.size(); ++index_) add_part(parts[index_]);
    if (options.finish) {
      const std::string type = "response." + std::string(writer_.final_status());
      add(type, {{"response", writer_.finished()}});
    }
    return std::move(script_);
  }

 private:
  void add(const std::string& type, const Json& members) {
    Json event{{"type", type}, {"sequence_number", number_++}};
    event.update(members);
    script_.add(type, text_of(event));
  }

  // One event for each token, in the member `delta`.
  void add_deltas(const std::string& type, const Wording& wording, const Json& place) {
    std::string before = R"({"type":")" + type + R"(","sequence_number":)";
    std::string middle = text_of(place);
    middle.front() = ',';
    middle.pop_back();
    std::string after = type == "response.output_text.delta" ? R"(","logprobs":[]})" : "\"}";
    script_.add_run(type, wording,
                    {.before = std::move(before),
                     .after = std::move(after),
                     .number = number_,
                     .middle = middle + R"(,"delta":")"});
    number_ += wording.tokens();
  }

  // `place` with one more member.
  static Json with(Json place, std::string_view name, Json value) {
    place[name] = std::move(value);
    return place;
  }

  void add_part(const AnswerPart& part) {
    const Json place{{"item_id", writer_.item_id(part, index_)}, {"output_index", index_}};
    add("response.output_item.added",
        {{"output_index", index_}, {"item", writer_.announced(part, index_)}});
    switch (part.kind) {
      case Kind::kReasoning:
        add_reasoning(part, with(place, "summary_index", 0));
        break;
      case Kind::kText:
        add_text(part, with(place, "content_index", 0));
        break;
      case Kind::kCall:
        add_call(part, place, "response.function_call_arguments", "arguments");
        break;
      case Kind::kCustomCall:
        add_call(part, place, "response.custom_tool_call_input", "input");
        break;
    }
    add("response.output_item.done",
        {{"output_index", index_}, {"item", writer_.item(part, index_)}});
  }

  void add_reasoning(const AnswerPart& part, const Json& place) {
    const std::string words = part.wording.plain();
    add("response.reasoning_summary_part.added", with(place, "part", summary_part("")));
    add_deltas("response.reasoning_summary_text.delta", part.wording, place);
    add("response.reasoning_summary_text.done", with(place, "text", words));
    add("response.reasoning_summary_part.done", with(place, "part", summary_part(words)));
  }

  void add_text(const AnswerPart& part, const Json& place) {
    const std::string words = part.wording.plain();
    add("response.content_part.added", with(place, "part", text_part("")));
    add_deltas("response.output_text.delta", part.wording, place);
    add("response.output_text.done", with(with(place, "text", words), "logprobs", Json::array()));
    add("response.content_part.done", with(place, "part", text_part(words)));
  }

  void add_call(const AnswerPart& part, const Json& place, const std::string& type,
                std::string_view name) {
    add_deltas(type + ".delta", part.wording, place);
    Json done = with(place, name, part.wording.plain());
    if (part.kind == Kind::kCall) done["name"] = part.tool;
    add(type + ".done", done);
  }

  const ResponseWriter& writer_;
  EventScript script_{Dialect::kResponses};
  std::uint64_t number_ = 0;
  std::size_t index_ = 0;
};

EventScript ResponseWriter::events(const Options& options) const {
  return ResponseScript(*this).write(options);
}

Json input_items_of(const Json& request, std::uint64_t id) {
  Json items = Json::array();
  const Json* input = member(request, "input");
  if (input == nullptr) return items;
  if (input->is_string()) {
    items.push_back({{"role", "user"}, {"content", *input}});
  } else {
    items = *input;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].is_object()) complete(items[i], id + kInputItems + i);
  }
  return items;
}

}  // namespace penstock::sim
