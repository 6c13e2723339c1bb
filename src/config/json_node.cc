#include "config/json_node.h"

#include <fmt/format.h>

#include <utility>

#include "config/key_name.h"

namespace penstock::config {
namespace {

void set_scalar(Node& node, std::string text) {
  node.kind = Node::Kind::kScalar;
  node.style = Node::Style::kLiteral;
  node.text = std::move(text);
}

// Recursion is as deep as the document may be.
void build_node(const JsonValue& value, Node& node) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      node.kind = Node::Kind::kNull;
      return;
    case JsonValue::Kind::kString:
      return set_scalar(node, value.text());
    case JsonValue::Kind::kFalse:
    case JsonValue::Kind::kTrue:
    case JsonValue::Kind::kNumber:
      return set_scalar(node, std::string(value.raw()));
    case JsonValue::Kind::kArray:
      node.kind = Node::Kind::kList;
      break;
    case JsonValue::Kind::kObject:
      node.kind = Node::Kind::kMap;
      break;
  }
  for (const JsonMember& member : value.members()) {
    Node& child = node.children.emplace_back();
    if (member.key) {
      child.key = member.key->text();
      child.path = joined_path(node.path, child.key);
    } else {
      child.path = fmt::format("{}[{}]", node.path, node.children.size() - 1);
    }
    build_node(member.value, child);
  }
}

}  // namespace

Node node_of(const JsonValue& value) {
  Node root;
  build_node(value, root);
  return root;
}

Status status_of(Problems& problems) {
  std::string message;
  for (const Problem& problem : problems.take()) {
    if (problem.severity != Problem::Severity::kError) continue;
    if (!message.empty()) message += "; ";
    message += problem.message;
  }
  if (message.empty()) return {};
  return failure(Error::client(ErrorKind::kInvalidRequest, std::move(message)));
}

}  // namespace penstock::config
