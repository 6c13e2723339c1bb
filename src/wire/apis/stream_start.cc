#include "wire/apis/stream_start.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

#include "core/json_reader.h"
#include "core/text.h"
#include "wire/json/blank.h"
#include "wire/sse/whole_event.h"

namespace penstock::wire {
namespace {

using Names = std::span<const std::string_view>;

// An event of this type is no content as long as the object in it has nothing in it yet.
struct TypedStart {
  std::string_view type;
  std::string_view object = {};  // a member of the event; empty: whatever is in the event
  Names types = {};              // that object's own type is one of them; empty: any
  Names empty = {};              // its members that are absent or empty
};

// In an API whose events are parts: no part says anything.
struct PartsStart {
  std::string_view parts;
  std::string_view inner;    // the object in a part that has its content
  std::string_view ends;     // the key that a part's end has
  Names no_content_of_part;  // all other members are empty
  Names no_content_of_inner;
};

// How the streams of an API begin.
struct StreamStart {
  std::span<const TypedStart> typed = {};
  const PartsStart* parts = nullptr;
  Names failed = {};  // types of events that are an error beside those of the law
};

// Azure and Bedrock add filters and padding to a choice.
constexpr std::string_view kChoiceFrame[] = {"index",
                                             "logprobs",
                                             "obfuscation",
                                             "content_filter_results",
                                             "content_filter_result",
                                             "content_filter_offsets"};
constexpr std::string_view kDeltaFrame[] = {"role", "obfuscation"};
constexpr PartsStart kChoices = {"choices", "delta", "finish_reason", kChoiceFrame, kDeltaFrame};

constexpr std::string_view kItemContent[] = {"content", "summary", "arguments", "input",
                                             "encrypted_content"};
constexpr std::string_view kPartContent[] = {"text", "refusal", "transcript"};
constexpr TypedStart kResponseStarts[] = {
    {"response.created"},
    {"response.queued"},
    {"response.in_progress"},
    {"response.output_item.added", "item", {}, kItemContent},
    {"response.content_part.added", "part", {}, kPartContent},
    {"response.reasoning_summary_part.added", "part", {}, kPartContent},
    {"ping"},
    {"keepalive"},
    {"heartbeat"},
};
constexpr std::string_view kResponseFailures[] = {"response.failed"};

constexpr std::string_view kMessageContent[] = {"content"};
constexpr std::string_view kOpenBlocks[] = {"text", "thinking"};
constexpr std::string_view kBlockContent[] = {"text", "thinking", "signature", "citations"};
constexpr TypedStart kMessageStarts[] = {
    {"message_start", "message", {}, kMessageContent},
    {"content_block_start", "content_block", kOpenBlocks, kBlockContent},
    {"ping"},
    {"keepalive"},
    {"heartbeat"},
};

constexpr StreamStart start_of(Api api) {
  switch (api) {
    case Api::kCompletions:
      return {.parts = &kChoices};
    case Api::kResponses:
      return {.typed = kResponseStarts, .failed = kResponseFailures};
    case Api::kMessages:
      return {.typed = kMessageStarts};
    default:
      return {};
  }
}

// An event that is held has at most some ten thousand bytes.
constexpr JsonBounds kBounds = {.values = 100'000};

bool is_one_of(const JsonValue& value, Names names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return value.is_text(name); });
}

bool is_named(const JsonMember& member, Names names) {
  return member.key && is_one_of(*member.key, names);
}

bool is_empty(const JsonValue& value) {
  if (value.is_null()) return true;
  if (value.is_string()) return value.raw().size() == 2;
  if (!value.is_array() && !value.is_object()) return false;
  const auto members = value.members();
  return members.begin() == members.end();
}

// A rule of the law that means an error.
bool holds(const EventRule& rule, const JsonValue& whole, std::string_view name) {
  if (rule.place == EventRule::Place::kName) {
    return std::ranges::find(rule.texts, name) != rule.texts.end();
  }
  if (rule.place != EventRule::Place::kTop) return false;
  const std::optional<JsonValue> value = whole.find(rule.key);
  if (!value) return false;
  if (rule.value == EventRule::Value::kIs) return is_one_of(*value, rule.texts);
  if (rule.value == EventRule::Value::kTextOrObject && value->is_object()) return !is_empty(*value);
  return value->is_string() && !is_blank(value->raw().substr(1, value->raw().size() - 2));
}

bool is_error(Api api, const StreamStart& start, const JsonValue& whole, std::string_view name,
              std::string_view type) {
  if (std::ranges::find(start.failed, type) != start.failed.end()) return true;
  const EventLaw& law = traits_of(api).events;
  return std::ranges::any_of(law.rules, [&](const EventRule& rule) {
    return rule.meaning == EventRule::Meaning::kError && holds(rule, whole, name);
  });
}

bool is_start(const TypedStart& start, const JsonValue& whole) {
  if (start.object.empty()) return true;
  const std::optional<JsonValue> object = whole.find(start.object);
  if (!object) return start.types.empty();
  if (!start.types.empty()) {
    const std::optional<JsonValue> type = object->find("type");
    if (!type || !is_one_of(*type, start.types)) return false;
  }
  return std::ranges::all_of(start.empty, [&](std::string_view key) {
    const std::optional<JsonValue> value = object->find(key);
    return !value || is_empty(*value);
  });
}

bool says_nothing(const JsonValue& object, Names frame) {
  for (const JsonMember member : object.members()) {
    if (!is_named(member, frame) && !is_empty(member.value)) return false;
  }
  return true;
}

bool is_start_of_part(const PartsStart& start, const JsonValue& part) {
  if (!part.is_object()) return false;
  for (const JsonMember member : part.members()) {
    const JsonValue& value = member.value;
    if (is_named(member, start.no_content_of_part) || is_empty(value)) continue;
    const bool is_inner = member.key->is_text(start.inner) && value.is_object();
    if (is_inner && says_nothing(value, start.no_content_of_inner)) continue;
    if (member.key->is_text(start.ends) && is_one_of(value, kNotYet)) continue;
    return false;
  }
  return true;
}

bool is_start(const PartsStart& start, const JsonValue& whole) {
  const std::optional<JsonValue> parts = whole.find(start.parts);
  if (!parts || !parts->is_array()) return false;
  for (const JsonMember part : parts->members()) {
    if (!is_start_of_part(start, part.value)) return false;
  }
  return true;
}

bool is_start(const StreamStart& start, const JsonValue& whole, std::string_view type) {
  if (start.parts != nullptr) return is_start(*start.parts, whole);
  const auto typed = std::ranges::find(start.typed, type, &TypedStart::type);
  return typed != start.typed.end() && is_start(*typed, whole);
}

}  // namespace

EventKind kind_of_event(Api api, std::string_view text) {
  const StreamStart start = start_of(api);
  const WholeEvent event = read_event(text);
  // A comment, or a field alone: no client is told.
  if (!event.has_data) return EventKind::kStartUp;
  const auto document = JsonDocument::read(event.data, kBounds);
  if (!document || !document->root().is_object()) {
    return event.name == "error" ? EventKind::kError : EventKind::kContent;
  }
  const JsonValue whole = document->root();
  const std::optional<JsonValue> stated = whole.find("type");
  const std::string type = stated && stated->is_string() ? stated->text() : event.name;
  if (is_error(api, start, whole, event.name, type)) return EventKind::kError;
  return is_start(start, whole, type) ? EventKind::kStartUp : EventKind::kContent;
}

}  // namespace penstock::wire
