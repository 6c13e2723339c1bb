#include "config/metadata.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/scalar.h"
#include "core/text.h"

namespace penstock::config {
namespace {

using Json = nlohmann::ordered_json;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Not a number with leading zeros: it is octal to some readers and an identifier to most writers.
bool looks_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool has_leading_zero = text.size() > 1 && text[0] == '0' && text[1] != '.';
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && !has_leading_zero;
}

std::optional<bool> boolean_of(const Node& scalar) {
  // The reference turns only true and false into booleans after a substitution.
  const auto value = parse_boolean(scalar.text);
  const bool is_word =
      equals_ignoring_case(scalar.text, "true") || equals_ignoring_case(scalar.text, "false");
  return scalar.style == Node::Style::kPlain || is_word ? value : std::nullopt;
}

Json scalar_json(const Node& scalar) {
  if (scalar.style == Node::Style::kQuoted) return scalar.text;
  if (const auto boolean = boolean_of(scalar)) return *boolean;
  if (looks_decimal(scalar.text)) {
    if (const auto integer = parse_number<std::int64_t>(scalar.text)) return *integer;
    const auto real = parse_number<double>(scalar.text);
    if (real && std::isfinite(*real)) return *real;
  }
  return scalar.text;
}

Json node_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return nullptr;
    case Node::Kind::kScalar:
      return scalar_json(node);
    case Node::Kind::kList: {
      Json list = Json::array();
      for (const Node& item : node.children) list.push_back(node_json(item));
      return list;
    }
    case Node::Kind::kMap: {
      Json object = Json::object();
      for (const Node& entry : node.children) object[entry.key] = node_json(entry);
      return object;
    }
  }
  return nullptr;
}

Node resolved_whole(Decoder& decoder, const Node& node) {
  Node result = decoder.resolved(node).value_or(Node{});
  for (Node& child : result.children) {
    Node resolved = resolved_whole(decoder, child);
    resolved.key = child.key;
    child = std::move(resolved);
  }
  return result;
}

}  // namespace

std::string metadata_json(Decoder& decoder, const Node& map) {
  return resolved_json(resolved_whole(decoder, map));
}

std::string resolved_json(const Node& node) {
  return node_json(node).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock::config
