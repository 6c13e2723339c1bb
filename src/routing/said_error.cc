#include "routing/said_error.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/json_reader.h"
#include "core/text.h"

namespace penstock::routing {
namespace {

// An object within an object within a text of the outermost one, and so on.
constexpr std::size_t kDepthMax = 6;

enum class Role : std::uint8_t {
  kCode,
  kMessage,
  kInner,
  kOnlyRaw,    // of the object, `raw`
  kOnlyError,  // of the object, `error`
  kDelay,
};

struct Place {
  std::string_view key;
  Role role;
};

constexpr std::array kPlaces = {
    Place{"code", Role::kCode},
    Place{"type", Role::kCode},
    Place{"status", Role::kCode},      // Google: RESOURCE_EXHAUSTED
    Place{"reason", Role::kCode},      // Google: API_KEY_INVALID
    Place{"error_type", Role::kCode},  // text-generation-inference
    Place{"error_code", Role::kCode},  // Databricks
    Place{"__type", Role::kCode},      // AWS
    Place{"message", Role::kMessage},
    Place{"Message", Role::kMessage},   // AWS
    Place{"msg", Role::kMessage},       // FastAPI
    Place{"error", Role::kInner},       // Ollama and xAI: a text
    Place{"innererror", Role::kInner},  // Azure
    Place{"detail", Role::kInner},      // FastAPI: a text, or a list
    Place{"details", Role::kInner},     // Google
    Place{"errors", Role::kInner},      // Google, and others
    Place{"metadata", Role::kOnlyRaw},  // OpenRouter: the error of its upstream, as a text
    Place{"upstream_error", Role::kInner},
    Place{"response", Role::kOnlyError},       // response.failed; its `metadata` is the caller's
    Place{"retryDelay", Role::kDelay},         // Google: `34s`
    Place{"resets_in_seconds", Role::kDelay},  // ChatGPT's plans
    Place{"retry_after", Role::kDelay},
};

constexpr std::string_view kFields[] = {
    "x-amzn-errortype",  // AWS
    "x-ms-error-code",   // Azure
};

class ErrorReader {
 public:
  explicit ErrorReader(SaidError& said) : said_(said) {}

  // False if it is no JSON object or array.
  bool read_text(std::string_view text, std::size_t depth);
  void read_head(const FieldOf& field);
  void add_message(std::string_view message);
  void add_code(std::string_view code);

 private:
  void read(const JsonValue& value, std::size_t depth);
  void take(Role role, const JsonValue& value, std::size_t depth);
  void take_message(const JsonValue& value, std::size_t depth);

  SaidError& said_;
};

bool ErrorReader::read_text(std::string_view text, std::size_t depth) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
  const auto document = JsonDocument::read(text);
  if (!document) return false;
  read(document->root(), depth);
  return true;
}

void ErrorReader::read_head(const FieldOf& field) {
  for (const std::string_view name : kFields) {
    const auto value = field(name);
    // AWS: `ThrottlingException:http://…`.
    if (value) add_code(value->substr(0, value->find(':')));
  }
}

void ErrorReader::read(const JsonValue& value, std::size_t depth) {
  if (depth == kDepthMax) return;
  for (const JsonMember member : value.members()) {
    if (!member.key) {
      read(member.value, depth + 1);
      continue;
    }
    const std::string key = member.key->text();
    const auto place = std::ranges::find(kPlaces, std::string_view(key), &Place::key);
    if (place != kPlaces.end()) take(place->role, member.value, depth);
  }
}

void ErrorReader::take(Role role, const JsonValue& value, std::size_t depth) {
  switch (role) {
    case Role::kCode:
      if (value.is_string()) add_code(value.text());
      if (value.kind() == JsonValue::Kind::kNumber) add_code(value.raw());
      return;
    case Role::kMessage:
    case Role::kInner:
      if (value.is_string()) return take_message(value, depth);
      return read(value, depth + 1);
    case Role::kOnlyRaw:
      if (const auto raw = value.find("raw"); raw && raw->is_string()) take_message(*raw, depth);
      return;
    case Role::kOnlyError:
      if (const auto error = value.find("error")) read(*error, depth + 1);
      return;
    case Role::kDelay:
      if (said_.retry_delay.empty()) {
        said_.retry_delay = value.is_string() ? value.text() : std::string(value.raw());
      }
      return;
  }
}

// A gateway may state its upstream's error as a text.
void ErrorReader::take_message(const JsonValue& value, std::size_t depth) {
  const std::string text = value.text();
  if (depth + 1 < kDepthMax && read_text(text, depth + 1)) return;
  add_message(text);
}

void ErrorReader::add_code(std::string_view code) {
  // AWS: `com.amazonaws.bedrock#ThrottlingException:http://…`.
  if (const std::size_t hash = code.rfind('#'); hash != std::string_view::npos) {
    code.remove_prefix(hash + 1);
    code = code.substr(0, code.find(':'));
  }
  if (code.empty() || said_.codes.size() == SaidError::kWordsMax) return;
  said_.codes.push_back(lower_case(code.substr(0, SaidError::kMessageBytesMax)));
}

void ErrorReader::add_message(std::string_view message) {
  const std::size_t first = message.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || said_.messages.size() == SaidError::kWordsMax) return;
  said_.messages.push_back(lower_case(message.substr(first, SaidError::kMessageBytesMax)));
}

// The string that follows `"key":` where that occurs first; as written, perhaps cut.
std::string_view first_string(std::string_view text, std::string_view quoted_key) {
  const std::size_t key = text.find(quoted_key);
  if (key == std::string_view::npos) return {};
  text.remove_prefix(key + quoted_key.size());
  const std::size_t quote = text.find_first_not_of(" \t\r\n:");
  if (quote == std::string_view::npos || text[quote] != '"') return {};
  text.remove_prefix(quote + 1);
  std::size_t end = 0;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(0, end);
}

// A text that begins like an object and does not end like one.
void read_cut_object(std::string_view text, ErrorReader& reader) {
  reader.add_message(first_string(text, "\"message\""));
  reader.add_code(first_string(text, "\"code\""));
  reader.add_code(first_string(text, "\"type\""));
}

}  // namespace

SaidError read_error(std::string_view text, const FieldOf& field) {
  SaidError said;
  ErrorReader reader(said);
  if (field) reader.read_head(field);
  text = text.substr(0, SaidError::kTextBytesMax);
  if (reader.read_text(text, 0)) return said;
  if (text.starts_with('{') || text.starts_with('[')) {
    read_cut_object(text, reader);
  } else {
    reader.add_message(text);
  }
  return said;
}

}  // namespace penstock::routing
