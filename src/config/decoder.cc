#include "config/decoder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "config/environment.h"
#include "config/key_name.h"
#include "config/scalar.h"
#include "core/stable_hash.h"
#include "core/text.h"

namespace penstock::config {
namespace {

using std::chrono::milliseconds;

std::string message_for(const Node& node, std::string_view message) {
  return path_prefix(node.path).append(message);
}

std::string range_text(std::uint64_t least, std::uint64_t most) {
  if (most == std::numeric_limits<std::uint64_t>::max())
    return fmt::format("of at least {}", least);
  return fmt::format("from {} to {}", least, most);
}

bool is_complete(const Substitution& substitution) {
  return !substitution.missing_name && !substitution.file_fault;
}

Secret digest_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(file), {});
  const StableDigest digest = stable_digest(content);
  return Secret(fmt::format("{:x} {:x}", digest.high, digest.low));
}

std::string seconds_text(milliseconds value) {
  return fmt::format("{:g}", static_cast<double>(value.count()) / 1000);
}

}  // namespace

void Decoder::error(const Node& node, std::string_view message) {
  problems_.error(node.position, message_for(node, message));
}

void Decoder::warning(const Node& node, std::string_view message) {
  problems_.warning(node.position, message_for(node, message));
}

void Decoder::error_at_key(const Node& node, std::string_view message) {
  problems_.error(node.key_position, message_for(node, message));
}

void Decoder::warning_at_key(const Node& node, std::string_view message) {
  problems_.warning(node.key_position, message_for(node, message));
}

std::string Decoder::text_if_any(const Node& section, std::string_view key) const {
  const Node* node = section.find(key);
  if (node == nullptr || node->kind != Node::Kind::kScalar) return {};
  if (!node->may_be_substituted()) return node->text;
  const Substitution substitution = substitute(node->text, environment_);
  return is_complete(substitution) ? substitution.text : std::string();
}

namespace {

Node substituted(const Node& scalar, Substitution substitution) {
  Node result = scalar;
  result.text = std::move(substitution.text);
  result.from_file = !substitution.files.empty();
  if (substitution.references > 0) {
    result.style = Node::Style::kSubstituted;
    if (result.text.empty()) result.kind = Node::Kind::kNull;
  }
  return result;
}

}  // namespace

std::optional<Node> Decoder::resolved(const Node& node) {
  if (!node.may_be_substituted()) return node;
  Substitution substitution = substitute(node.text, environment_);
  if (substitution.missing_name) {
    const std::string& name = *substitution.missing_name;
    error(node, fmt::format("the environment variable {0} is not set or empty; set it, or give a "
                            "default as in ${{env.{0}:=default}}",
                            name));
    return std::nullopt;
  }
  if (substitution.malformed > 0) {
    error(node,
          "this is not a reference to an environment variable or a file; write ${env.NAME}, "
          "${env.NAME:=default} or ${env.NAME:+value}, with a name of A-Z, 0-9 and _, or "
          "${file:/path}, and no reference inside another but ${env.NAME} in a path "
          "(docs/configuration.md says how to write the text itself)");
    return std::nullopt;
  }
  if (substitution.file_fault) {
    error(node, *substitution.file_fault);
    return std::nullopt;
  }
  for (const std::string& remark : substitution.warnings) warning(node, remark);
  note_files(std::move(substitution.files));
  return substituted(node, std::move(substitution));
}

void Decoder::note_files(std::vector<FileText> files) {
  for (FileText& file : files) {
    const bool is_known =
        std::ranges::any_of(files_, [&](const FileText& each) { return each.path == file.path; });
    if (!is_known) files_.push_back(std::move(file));
  }
}

Node Decoder::resolved_if_possible(const Node& node) const {
  if (!node.may_be_substituted()) return node;
  Substitution substitution = substitute(node.text, environment_);
  if (!is_complete(substitution) || substitution.malformed > 0) return {};
  return substituted(node, std::move(substitution));
}

std::optional<std::string> Decoder::text(const Node& node) {
  if (node.kind == Node::Kind::kScalar) {
    const bool ends_line = node.text.ends_with('\n') || node.text.ends_with('\r');
    if (!ends_line) return node.text;
    error(node,
          "this ends with a line break, perhaps from a file; remove it where the value is set (for "
          "a variable, use NAME=$(cat FILE))");
    return std::nullopt;
  }
  error(node, fmt::format("expected text, found {}", node.kind_name()));
  return std::nullopt;
}

std::optional<bool> Decoder::boolean(const Node& node) {
  if (node.kind == Node::Kind::kScalar) {
    if (const auto value = parse_boolean(node.text)) return value;
  }
  error(node, "expected true or false");
  return std::nullopt;
}

std::optional<std::uint64_t> Decoder::integer(const Node& node, Range<std::uint64_t> range) {
  if (node.kind == Node::Kind::kScalar) {
    const auto value = parse_decimal(node.text);
    if (value && *value >= range.least && *value <= range.most) return value;
  }
  error(node, fmt::format("expected a whole number {}", range_text(range.least, range.most)));
  return std::nullopt;
}

std::optional<double> Decoder::number(const Node& node, Range<double> range) {
  if (node.kind == Node::Kind::kScalar) {
    const auto value = parse_number(node.text);
    if (value && *value >= range.least && *value <= range.most) return value;
  }
  error(node, fmt::format("expected a number from {:g} to {:g}", range.least, range.most));
  return std::nullopt;
}

std::optional<std::size_t> Decoder::size(const Node& node, Range<std::size_t> range) {
  if (node.kind == Node::Kind::kScalar) {
    const auto value = parse_size(node.text);
    if (value && *value >= range.least && *value <= range.most) return value;
  }
  error(node, fmt::format("expected a number of bytes {}, such as 65536 or 64KiB",
                          range_text(range.least, range.most)));
  return std::nullopt;
}

std::optional<milliseconds> Decoder::duration(const Node& node, Range<milliseconds> range) {
  const bool is_scalar = node.kind == Node::Kind::kScalar;
  if (is_scalar) {
    const auto value = parse_duration(node.text);
    if (value && *value >= range.least && *value <= range.most) return value;
  }
  const bool is_negative = is_scalar && is_negative_number(node.text);
  error(node, fmt::format("{}expected {} to {} seconds, such as 5, 0.5, 500ms or 10m",
                          is_negative ? "a time cannot be negative; " : "",
                          seconds_text(range.least), seconds_text(range.most)));
  return std::nullopt;
}

std::optional<std::size_t> Decoder::choice(const Node& node,
                                           std::span<const std::string_view> choices) {
  if (node.kind == Node::Kind::kScalar) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (choices[i] == node.text) return i;
    }
  }
  std::string message = fmt::format("expected one of {}", fmt::join(choices, ", "));
  if (node.kind == Node::Kind::kScalar) {
    const std::string_view near = nearest(node.text.substr(0, 64), choices);
    if (!near.empty()) message += fmt::format("; did you mean `{}`?", near);
  }
  error(node, message);
  return std::nullopt;
}

std::optional<std::string> Decoder::path_text(const Node& node) {
  auto written = text(node);
  if (written) *written = expand_home(*written, environment_);
  return written;
}

std::optional<std::string> Decoder::readable_file(const Node& node) {
  const auto written = path_text(node);
  if (!written) return std::nullopt;
  const std::string& path = *written;
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) {
    error(node, "this file does not exist");
  } else if (!S_ISREG(status.st_mode)) {
    error(node, "this is not a file");
  } else if (::access(path.c_str(), R_OK) != 0) {
    error(node, "this user cannot read this file");
  } else {
    named_files_.push_back({.path = path, .digest = digest_of_file(path)});
    return path;
  }
  return std::nullopt;
}

std::optional<std::vector<Node>> Decoder::list(const Node& node) {
  if (node.kind != Node::Kind::kList) {
    error(node, fmt::format("expected a list, found {}", node.kind_name()));
    return std::nullopt;
  }
  std::vector<Node> items;
  for (const Node& child : node.children) {
    if (auto item = resolved(child)) items.push_back(std::move(*item));
  }
  return items;
}

std::optional<std::vector<Node>> Decoder::given_items(const Node& node) {
  auto items = list(node);
  if (items) std::erase_if(*items, [](const Node& item) { return item.kind == Node::Kind::kNull; });
  return items;
}

const Node* Decoder::given(const Node& section, std::string_view key) {
  const Node* node = section.find(key);
  if (node == nullptr) return nullptr;
  const auto value = resolved(*node);
  return !value || value->kind != Node::Kind::kNull ? node : nullptr;
}

bool Decoder::expect_map(const Node& node) {
  if (node.kind == Node::Kind::kMap) return true;
  error(node, fmt::format("expected a mapping, found {}", node.kind_name()));
  return false;
}

}  // namespace penstock::config
