#include "config/tree_builder.h"

#include <fmt/format.h>

#include <utility>

#include "config/key_name.h"

namespace penstock::config {
namespace {

constexpr std::string_view kMergeKey = "<<";

// yaml-cpp gives quoted scalars the tag "!" and plain ones "?" or none.
Node::Style style_of(const YAML::Node& yaml) {
  return yaml.Tag() == "!" || yaml.Tag() == "tag:yaml.org,2002:str" ? Node::Style::kQuoted
                                                                    : Node::Style::kPlain;
}

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

// The new path must not depend on where a merged mapping was written.
void set_path(Node& node, std::string path) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    Node& child = node.children[i];
    set_path(child, node.kind == Node::Kind::kList ? fmt::format("{}[{}]", path, i)
                                                   : joined_path(path, child.key));
  }
  node.path = std::move(path);
}

}  // namespace

Position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

bool TreeBuilder::build(const YAML::Node& yaml, Node& out, std::size_t depth) {
  out.position = position_of(yaml.Mark());
  if (depth > kDocumentDepthMax) {
    problems_.error(out.position,
                    fmt::format("nested more than {} levels deep", kDocumentDepthMax));
    return false;
  }
  if (++nodes_ > kDocumentNodesMax) {
    problems_.error(out.position, fmt::format("more than {} values, aliases counted at every use",
                                              kDocumentNodesMax));
    return false;
  }
  switch (yaml.Type()) {
    case YAML::NodeType::Scalar:
      out.style = style_of(yaml);
      out.text = yaml.Scalar();
      out.kind = out.style == Node::Style::kPlain && is_null_word(out.text) ? Node::Kind::kNull
                                                                            : Node::Kind::kScalar;
      return true;
    case YAML::NodeType::Sequence:
      return build_list(yaml, out, depth);
    case YAML::NodeType::Map:
      return build_map(yaml, out, depth);
    default:
      out.kind = Node::Kind::kNull;
      return true;
  }
}

bool TreeBuilder::build_list(const YAML::Node& yaml, Node& out, std::size_t depth) {
  out.kind = Node::Kind::kList;
  std::size_t index = 0;
  for (const YAML::Node& item : yaml) {
    Node child;
    child.path = fmt::format("{}[{}]", out.path, index++);
    if (!build(item, child, depth + 1)) return false;
    out.children.push_back(std::move(child));
  }
  return true;
}

bool TreeBuilder::build_map(const YAML::Node& yaml, Node& out, std::size_t depth) {
  out.kind = Node::Kind::kMap;
  Node merged;  // from `<<`: the mapping's own keys override it, wherever it is
  merged.kind = Node::Kind::kMap;
  for (const auto& entry : yaml) {
    if (!build_entry(entry.first, entry.second, out, merged, depth)) return false;
  }
  merge(merged, out);
  return true;
}

bool TreeBuilder::build_entry(const YAML::Node& key, const YAML::Node& value, Node& map,
                              Node& merged, std::size_t depth) {
  Node child;
  child.key_position = position_of(key.Mark());
  if (!key.IsScalar()) {
    problems_.error(child.key_position,
                    fmt::format("{}a key must be a single value", path_prefix(map.path)));
    return true;
  }
  child.key = key.Scalar();
  child.path = joined_path(map.path, child.key);
  if (!build(value, child, depth + 1)) return false;
  if (child.kind == Node::Kind::kNull) child.position = child.key_position;
  if (child.key == kMergeKey && style_of(key) == Node::Style::kPlain) {
    const bool is_list = child.kind == Node::Kind::kList;
    if (!is_list) merge(child, merged);
    for (const Node& item : child.children) {
      if (is_list) merge(item, merged);
    }
  } else if (const Node* first = map.find(child.key)) {
    problems_.error(child.key_position, fmt::format("{}: given twice, first in line {}", child.path,
                                                    first->key_position.line));
  } else {
    map.children.push_back(std::move(child));
  }
  return true;
}

void TreeBuilder::merge(const Node& source, Node& target) {
  if (source.kind != Node::Kind::kMap) {
    problems_.error(source.position,
                    fmt::format("{}: expected a mapping or a list of mappings to merge, found {}",
                                source.path, source.kind_name()));
    return;
  }
  for (const Node& child : source.children) {
    if (target.find(child.key) != nullptr) continue;
    Node copy = child;
    set_path(copy, joined_path(target.path, copy.key));
    target.children.push_back(std::move(copy));
  }
}

}  // namespace penstock::config
