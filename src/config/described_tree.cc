#include "config/described_tree.h"

#include <algorithm>

#include "config/yaml_writer.h"

namespace penstock::config {
namespace {

std::string in_flow_style(const DescribedValue& value) {
  const bool is_map = value.kind == DescribedValue::Kind::kMap;
  std::string text(is_map ? "{" : "[");
  for (const DescribedValue& child : value.children) {
    if (&child != &value.children.front()) text += ", ";
    if (is_map) text += child.key + ": ";
    text += child.shown();
  }
  return text + (is_map ? "}" : "]");
}

}  // namespace

const DescribedValue* DescribedValue::find(std::string_view name) const {
  const auto found = std::ranges::find(children, name, &DescribedValue::key);
  return found == children.end() ? nullptr : &*found;
}

bool DescribedValue::equals(const DescribedValue& other) const {
  if (kind != other.kind || key != other.key || text != other.text) return false;
  const auto reveal = [](const DescribedValue& value) {
    return value.secret == nullptr ? std::string_view() : value.secret->reveal();
  };
  if (secret != nullptr && !secret->equals(reveal(other))) return false;
  if (secret == nullptr && !reveal(other).empty()) return false;
  return std::ranges::equal(
      children, other.children,
      [](const DescribedValue& a, const DescribedValue& b) { return a.equals(b); });
}

std::string DescribedValue::shown() const {
  switch (kind) {
    case Kind::kLiteral:
      return text;
    case Kind::kText:
      return yaml_scalar(text);
    case Kind::kSecret:
      return std::string(Secret::kMask);
    case Kind::kMap:
    case Kind::kList:
      return in_flow_style(*this);
  }
  return {};
}

DescribedValue& DescribedTree::current() {
  DescribedValue* value = &root_;
  for (const std::size_t position : open_) value = &value->children[position];
  return *value;
}

DescribedValue& DescribedTree::add(DescribedValue::Kind kind, std::string_view key) {
  DescribedValue& parent = current();
  DescribedValue value;
  value.kind = kind;
  value.key = key;
  parent.children.push_back(std::move(value));
  return parent.children.back();
}

void DescribedTree::literal(std::string_view key, std::string_view value) {
  if (value == "[]") {
    add(DescribedValue::Kind::kList, key);
  } else {
    add(DescribedValue::Kind::kLiteral, key).text = value;
  }
}

void DescribedTree::text(std::string_view key, std::string_view value) {
  add(DescribedValue::Kind::kText, key).text = value;
}

void DescribedTree::text(std::string_view key, std::string_view value, const Secret& rest) {
  DescribedValue& added = add(DescribedValue::Kind::kText, key);
  added.text = value;
  added.secret = &rest;
}

void DescribedTree::secret(std::string_view key, const Secret& value) {
  add(DescribedValue::Kind::kSecret, key).secret = &value;
}

void DescribedTree::text_item(std::string_view value) {
  current().kind = DescribedValue::Kind::kList;
  add(DescribedValue::Kind::kText, {}).text = value;
}

void DescribedTree::open(std::string_view key) {
  DescribedValue& parent = current();
  add(DescribedValue::Kind::kMap, key);
  open_.push_back(parent.children.size() - 1);
}

void DescribedTree::open_item() {
  DescribedValue& parent = current();
  parent.kind = DescribedValue::Kind::kList;
  add(DescribedValue::Kind::kMap, {});
  open_.push_back(parent.children.size() - 1);
}

void DescribedTree::close() {
  open_.pop_back();
}

}  // namespace penstock::config
