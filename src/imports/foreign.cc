#include "imports/foreign.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "config/key_name.h"
#include "config/scalar.h"
#include "core/text.h"

namespace penstock::imports {
namespace {

using config::Node;

constexpr std::size_t kDocumentsMax = 1'000;

bool is_separator(std::string_view line) {
  return line == "---" || line.starts_with("--- ") || line.starts_with("---\r");
}

}  // namespace

void remark(config::Problems& problems, const Node& node, std::string_view text) {
  problems.warning(node.position, config::path_prefix(node.path).append(text));
}

const Node* Section::take(std::string_view key) {
  const Node* entry = node_.find(key);
  taken_.emplace(key);
  return entry == nullptr || entry->kind == Node::Kind::kNull ? nullptr : entry;
}

std::string Section::take_text(std::string_view key) {
  const Node* entry = take(key);
  if (entry == nullptr) return {};
  if (entry->kind == Node::Kind::kScalar) return entry->text;
  remark(problems_, *entry, fmt::format("expected text, found {}", entry->kind_name()));
  return {};
}

const std::vector<Node>& Section::take_list(std::string_view key) {
  static const std::vector<Node> kNone;
  const Node* entry = take(key);
  if (entry == nullptr) return kNone;
  if (entry->kind == Node::Kind::kList) return entry->children;
  remark(problems_, *entry, fmt::format("expected a list, found {}", entry->kind_name()));
  return kNone;
}

std::optional<std::size_t> Section::take_count(std::string_view key, std::size_t most) {
  const Node* entry = take(key);
  if (entry == nullptr) return std::nullopt;
  const auto count = parse_decimal(entry->text);
  if (count && *count <= most) return *count;
  remark(problems_, *entry,
         fmt::format("not carried over: expected a whole number up to {}", most));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Section::take_duration(std::string_view key) {
  const Node* entry = take(key);
  if (entry == nullptr) return std::nullopt;
  const auto duration = foreign_duration(entry->text);
  if (!duration) remark(problems_, *entry, "not carried over: expected a time, such as 30 or 30s");
  return duration;
}

void Section::leave() const {
  for (const Node& entry : node_.children) {
    if (entry.key.empty() || taken_.contains(entry.key)) continue;
    problems_.warning(entry.key_position, fmt::format("{}: not carried over", entry.path));
  }
}

std::string reference_to(std::string_view variable) {
  return fmt::format("${{env.{}}}", variable);
}

std::string variable_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const char lower = to_lower(c);
    name += is_letter(c) ? static_cast<char>(lower - 32) : is_digit(c) ? c : '_';
  }
  return name.empty() ? "KEY" : name;
}

std::optional<std::chrono::milliseconds> foreign_duration(std::string_view text) {
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 7);
  std::chrono::milliseconds sum{0};
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t unit = text.find_first_not_of("0123456789.");
    const std::size_t next = std::min(text.find_first_of("0123456789.", unit), text.size());
    const bool is_bare = unit == std::string_view::npos;
    if (is_bare && !is_first) return std::nullopt;
    const auto part = config::parse_duration(text.substr(0, is_bare ? text.size() : next));
    if (!part) return std::nullopt;
    sum += *part;
    if (sum > kLongest) return std::nullopt;
    text.remove_prefix(is_bare ? text.size() : next);
    is_first = false;
  }
  return is_first ? std::nullopt : std::optional(sum);
}

std::vector<Node> documents_of(std::string_view text, config::Problems& problems) {
  std::vector<Node> documents;
  std::size_t lines_before = 0;
  std::size_t lines = 0;
  std::string part;
  const auto end_part = [&] {
    const std::string padded = std::string(lines_before, '\n') + part;
    auto root = config::parse_document(padded, problems);
    if (root && !root->children.empty()) documents.push_back(std::move(*root));
    part.clear();
    lines_before = lines;
  };
  std::size_t separators = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++lines;
    if (!is_separator(line)) {
      part.append(line).append("\n");
      continue;
    }
    if (++separators > kDocumentsMax) {
      problems.error({lines, 1}, fmt::format("more than {} documents", kDocumentsMax));
      return documents;
    }
    end_part();
  }
  end_part();
  return documents;
}

}  // namespace penstock::imports
