#include "config/metadata.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "config/scalar.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/text.h"

namespace penstock::config {
namespace {

// Not a number with leading zeros: octal to some readers, and an identifier to most writers.
bool looks_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool has_leading_zero = text.size() > 1 && text[0] == '0' && text[1] != '.';
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && !has_leading_zero;
}

std::optional<double> decimal_of(std::string_view text) {
  if (!looks_decimal(text)) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<bool> boolean_of(const Node& scalar) {
  // After a substitution, the reference turns only true and false into booleans.
  const auto value = parse_boolean(scalar.text);
  const bool is_word =
      equals_ignoring_case(scalar.text, "true") || equals_ignoring_case(scalar.text, "false");
  return scalar.style == Node::Style::kPlain || is_word ? value : std::nullopt;
}

// Numbers keep their spelling if it is valid JSON too.
void write_number(JsonWriter& out, std::string_view text, double value) {
  if (JsonDocument::read(text)) {
    out.raw(text);
  } else {
    out.raw(fmt::format("{}", value));
  }
}

void write_scalar(JsonWriter& out, const Node& scalar) {
  if (scalar.style == Node::Style::kQuoted) {
    out.text(scalar.text);
  } else if (const auto boolean = boolean_of(scalar)) {
    out.raw(*boolean ? "true" : "false");
  } else if (const auto real = decimal_of(scalar.text)) {
    write_number(out, scalar.text, *real);
  } else {
    out.text(scalar.text);
  }
}

// Recurses as deep as the document, whose depth is bounded (config/tree_builder.h).
void write_node(JsonWriter& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      out.raw("null");
      return;
    case Node::Kind::kScalar:
      write_scalar(out, node);
      return;
    case Node::Kind::kList:
      out.begin_array();
      for (const Node& item : node.children) write_node(out, item);
      out.end_array();
      return;
    case Node::Kind::kMap:
      out.begin_object();
      for (const Node& entry : node.children) write_node(out.key(entry.key), entry);
      out.end_object();
      return;
  }
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
  std::string out;
  JsonWriter writer(out);
  write_node(writer, node);
  return out;
}

}  // namespace penstock::config
