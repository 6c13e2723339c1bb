#include "config/terms_json.h"

#include "config/decode_terms.h"
#include "config/describe_terms.h"
#include "config/described_tree.h"
#include "config/json_node.h"

namespace penstock::config {
namespace {

void write_value(JsonWriter& out, const DescribedValue& value);

void write_entries(JsonWriter& out, const DescribedValue& map) {
  for (const DescribedValue& entry : map.children) {
    out.key(entry.key);
    write_value(out, entry);
  }
}

// Terms contain no secrets, and their literals are JSON.
void write_value(JsonWriter& out, const DescribedValue& value) {
  switch (value.kind) {
    case DescribedValue::Kind::kLiteral:
      out.raw(value.text);
      return;
    case DescribedValue::Kind::kText:
    case DescribedValue::Kind::kSecret:
      out.text(value.text);
      return;
    case DescribedValue::Kind::kMap:
      out.begin_object();
      write_entries(out, value);
      out.end_object();
      return;
    case DescribedValue::Kind::kList:
      out.begin_array();
      for (const DescribedValue& item : value.children) write_value(out, item);
      out.end_array();
      return;
  }
}

}  // namespace

void write_terms_members(JsonWriter& out, const Terms& terms) {
  DescribedTree tree;
  write_terms(tree, terms);
  write_entries(out, tree.root());
}

std::string json_of(const Terms& terms) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  write_terms_members(writer, terms);
  writer.end_object();
  return text;
}

Result<Terms> terms_of_json(const JsonValue& object) {
  Terms terms;
  if (const Status status = decode_json<Terms>(object, terms_keys(), terms); !status) {
    return failure(status.error());
  }
  return terms;
}

Result<Terms> terms_of_json(std::string_view text) {
  const auto document = JsonDocument::read(text);
  if (!document) return failure(document.error().of_request("the terms"));
  return terms_of_json(document->root());
}

}  // namespace penstock::config
