#include "providers/provider_data.h"

#include "core/text.h"

namespace penstock::providers {
namespace {

constexpr std::string_view kNextLine = "\xC2\x85";
constexpr std::string_view kLineSeparator = "\xE2\x80\xA8";
constexpr std::string_view kParagraphSeparator = "\xE2\x80\xA9";

// The text of a value that a header can carry; empty for others.
std::string header_text(const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kString:
      return without_control_characters(value.text());
    case JsonValue::Kind::kNumber:
    case JsonValue::Kind::kTrue:
    case JsonValue::Kind::kFalse:
      return std::string(value.raw());
    default:
      return {};
  }
}

}  // namespace

std::string without_control_characters(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  while (!value.empty()) {
    const auto byte = static_cast<unsigned char>(value.front());
    if (value.starts_with(kNextLine)) {
      value.remove_prefix(kNextLine.size());
    } else if (value.starts_with(kLineSeparator) || value.starts_with(kParagraphSeparator)) {
      value.remove_prefix(kLineSeparator.size());
    } else {
      if (byte >= 0x20 && byte != 0x7F) out.push_back(value.front());
      value.remove_prefix(1);
    }
  }
  return out;
}

Result<ProviderData> ProviderData::parse(std::string_view json, const JsonBounds& bounds) {
  const auto document = JsonDocument::read(json, bounds);
  if (!document) return failure(document.error().of_request("the provider data header"));
  if (!document->root().is_object()) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "the provider data header must hold a JSON object"));
  }
  ProviderData data;
  for (const JsonMember member : document->root().members()) {
    std::string key = member.key->text();
    if (key.starts_with("__")) continue;
    std::string text = header_text(member.value);
    if (text.empty() || text.size() > kValueBytesMax) continue;
    if (key == "passthrough_url") {
      data.url_ = std::move(text);
    } else {
      data.values_.emplace_back(std::move(key), Secret(std::move(text)));
    }
  }
  return data;
}

const Secret* ProviderData::find(std::string_view key) const {
  for (const auto& [name, value] : values_) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Secret* ProviderData::find_any(std::span<const std::string> keys) const {
  for (const std::string& key : keys) {
    for (const auto& [name, value] : values_) {
      if (equals_ignoring_case(name, key)) return &value;
    }
  }
  return nullptr;
}

}  // namespace penstock::providers
