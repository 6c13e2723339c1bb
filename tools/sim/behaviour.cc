#include "sim/behaviour.h"

#include <array>
#include <utility>

#include "core/text.h"
#include "http/parser.h"
#include "sim/json.h"
#include "sim/refusals.h"
#include "sim/scenario.h"

namespace penstock::sim {
namespace {

// Durations are given in milliseconds, up to a day.
constexpr double kMillisecondsMax = 86'400'000;
constexpr std::uint64_t kCountMax = 1'000'000'000;

// Each reader sets its target and returns whether the value is suitable.
bool read(const Json& value, std::chrono::nanoseconds& target) {
  if (!value.is_number()) return false;
  const auto milliseconds = value.get<double>();
  if (!(milliseconds >= 0 && milliseconds <= kMillisecondsMax)) return false;
  target = std::chrono::nanoseconds(static_cast<std::int64_t>(milliseconds * 1e6));
  return true;
}

bool read(const Json& value, double& target) {
  if (!value.is_number()) return false;
  target = value.get<double>();
  return target >= 0 && target <= 1e9;
}

bool read(const Json& value, std::uint64_t& target) {
  if (!value.is_number_unsigned()) return false;
  target = value.get<std::uint64_t>();
  return target <= kCountMax;
}

bool read_error_status(const Json& value, int& target) {
  if (!value.is_number_unsigned()) return false;
  const auto status = value.get<std::uint64_t>();
  if (status < 400 || status > 599) return false;
  target = static_cast<int>(status);
  return true;
}

bool read_status(const Json& value, int& target) {
  if (!value.is_number_unsigned()) return false;
  const auto status = value.get<std::uint64_t>();
  const bool has_no_body = status == 204 || status == 304;
  if (status != 0 && (status < 200 || status > 599 || has_no_body)) return false;
  target = static_cast<int>(status);
  return true;
}

bool read(const Json& value, bool& target) {
  if (!value.is_boolean()) return false;
  target = value.get<bool>();
  return true;
}

bool read(const Json& value, std::string& target) {
  if (!value.is_string()) return false;
  target = value.get<std::string>();
  return true;
}

bool read(const Json& value, std::vector<Header>& target) {
  if (!value.is_object()) return false;
  target.clear();
  for (const auto& [name, text] : value.items()) {
    if (!text.is_string() || !http::is_token(name)) return false;
    if (!http::is_field_value(text.get_ref<const std::string&>())) return false;
    target.push_back({name, text.get<std::string>()});
  }
  return true;
}

// Each is `{"type": …, "data": …}`; data that is no text is sent as JSON.
bool read(const Json& value, std::vector<StreamEvent>& target) {
  if (!value.is_array()) return false;
  target.clear();
  for (const Json& event : value) {
    const Json* data = member(event, "data");
    if (data == nullptr) return false;
    target.push_back({text_member(event, "type"),
                      data->is_string() ? data->get<std::string>() : text_of(*data)});
  }
  return true;
}

bool read(const Json& value, std::shared_ptr<const Scenario>& target) {
  Result<std::shared_ptr<const Scenario>> scenario = Scenario::make(value);
  if (scenario) target = std::move(*scenario);
  return scenario.has_value();
}

template <class Value, std::size_t Count>
bool read_name(const Json& value,
               const std::array<std::pair<std::string_view, Value>, Count>& names, Value& target) {
  if (!value.is_string()) return false;
  for (const auto& [name, meaning] : names) {
    if (value.get_ref<const std::string&>() != name) continue;
    target = meaning;
    return true;
  }
  return false;
}

constexpr std::array<std::pair<std::string_view, BodyFraming>, 7> kFramings{{
    {"natural", BodyFraming::kNatural},
    {"chunked", BodyFraming::kChunked},
    {"until_close", BodyFraming::kUntilClose},
    {"bad_chunk", BodyFraming::kBadChunk},
    {"short_body", BodyFraming::kShortBody},
    {"extra_bytes", BodyFraming::kExtraBytes},
    {"length_and_chunked", BodyFraming::kLengthAndChunked},
}};

constexpr std::array<std::pair<std::string_view, CutKind>, 2> kCuts{{
    {"close", CutKind::kClose},
    {"reset", CutKind::kReset},
}};

constexpr std::array<std::pair<std::string_view, ErrorEvent>, 2> kErrorEvents{{
    {"error", ErrorEvent::kError},
    {"response.failed", ErrorEvent::kFailedResponse},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kLineEnds{{
    {"lf", "\n"},
    {"crlf", "\r\n"},
    {"cr", "\r"},
}};

bool read_line_end(const Json& value, std::string& target) {
  std::string_view line_end;
  if (!read_name(value, kLineEnds, line_end)) return false;
  target = line_end;
  return true;
}

using Reader = bool (*)(const Json& value, Behaviour& behaviour);
struct Key {
  std::string_view name;
  Reader read;
};

template <auto Member>
bool read_member(const Json& value, Behaviour& behaviour) {
  return read(value, behaviour.*Member);
}

constexpr std::array kKeys{
    Key{"first_token_ms", read_member<&Behaviour::first_token>},
    Key{"tokens_per_second", read_member<&Behaviour::tokens_per_second>},
    Key{"in_step", read_member<&Behaviour::in_step>},
    Key{"tokens", read_member<&Behaviour::tokens>},
    Key{"reasoning_tokens", read_member<&Behaviour::reasoning_tokens>},
    Key{"media_bytes", read_member<&Behaviour::media_bytes>},
    Key{"scenario", read_member<&Behaviour::scenario>},
    Key{"events", read_member<&Behaviour::events>},
    Key{"seed", read_member<&Behaviour::seed>},
    Key{"events_per_write", read_member<&Behaviour::events_per_write>},
    Key{"status", [](const Json& v, Behaviour& b) { return read_status(v, b.status); }},
    Key{"message", read_member<&Behaviour::message>},
    Key{"body", read_member<&Behaviour::body>},
    Key{"headers", read_member<&Behaviour::headers>},
    Key{"error_after_tokens", read_member<&Behaviour::error_after_tokens>},
    Key{"error_after_events", read_member<&Behaviour::error_after_events>},
    Key{"error_status",
        [](const Json& v, Behaviour& b) { return read_error_status(v, b.error_status); }},
    Key{"error_event",
        [](const Json& v, Behaviour& b) { return read_name(v, kErrorEvents, b.error_event); }},
    Key{"stall_after_tokens", read_member<&Behaviour::stall_after_tokens>},
    Key{"stall_after_events", read_member<&Behaviour::stall_after_events>},
    Key{"stall_ms", read_member<&Behaviour::stall>},
    Key{"cut_after_events", read_member<&Behaviour::cut_after_events>},
    Key{"cut_after_bytes", read_member<&Behaviour::cut_after_bytes>},
    Key{"cut_after_body_bytes", read_member<&Behaviour::cut_after_body_bytes>},
    Key{"cut", [](const Json& v, Behaviour& b) { return read_name(v, kCuts, b.cut); }},
    Key{"piece_bytes_max", read_member<&Behaviour::piece_bytes_max>},
    Key{"framing", [](const Json& v, Behaviour& b) { return read_name(v, kFramings, b.framing); }},
    Key{"finish", read_member<&Behaviour::finish>},
    Key{"done", read_member<&Behaviour::done>},
    Key{"line_end", [](const Json& v, Behaviour& b) { return read_line_end(v, b.line_end); }},
    Key{"comments", read_member<&Behaviour::comments>},
    Key{"head_delay_ms", read_member<&Behaviour::head_delay>},
    Key{"head_pause_ms", read_member<&Behaviour::head_pause>},
};

std::string unknown_key(const std::string& name) {
  std::array<std::string_view, kKeys.size()> names;
  for (std::size_t i = 0; i < kKeys.size(); ++i) names[i] = kKeys[i].name;
  std::string message = "Unknown key in 'sim': '" + name + "'.";
  const std::string_view near = nearest(name, names);
  if (!near.empty()) message.append(" Did you mean '").append(near).append("'?");
  return message;
}

}  // namespace

Status apply_overrides(std::string_view object, Behaviour& behaviour) {
  const Json json = Json::parse(object, nullptr, false);
  if (!json.is_object()) return refusal("'sim' must be a JSON object.");
  for (const auto& [name, value] : json.items()) {
    const Key* found = nullptr;
    for (const Key& key : kKeys) {
      if (key.name == name) found = &key;
    }
    if (found == nullptr) return refusal(unknown_key(name));
    if (!found->read(value, behaviour)) {
      return refusal("The value of '" + name + "' in 'sim' is not valid.");
    }
  }
  return {};
}

}  // namespace penstock::sim
