#pragma once

// What every decode_*.cc uses: substituted scalars as typed values, and a problem with position,
// key path and expectation for each value of another type.
//
// The functions return nothing after they have reported a problem; the caller keeps the default and
// continues, so that one load finds every problem of the file.

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/node.h"
#include "config/problems.h"

namespace penstock::config {

template <class T>
struct Range {
  T least{};
  T most = std::numeric_limits<T>::max();
};

class Decoder {
 public:
  Decoder(Problems& problems, const Environment& environment)
      : problems_(problems), environment_(environment) {}

  // At the value; the key's path is put before the message.
  void error(const Node& node, std::string_view message);
  void warning(const Node& node, std::string_view message);
  // At the key of a mapping's entry.
  void error_at_key(const Node& node, std::string_view message);
  void warning_at_key(const Node& node, std::string_view message);

  // About the whole file: an error, listed after all others.
  void conclude(std::string message) { problems_.conclude(std::move(message)); }

  // The node after substitution: a scalar that substitutes to nothing is kNull. Lists and mappings
  // are returned unchanged.
  std::optional<Node> resolved(const Node& node);

  // The text of a section's entry after substitution; empty if there is none. Reports nothing: for
  // entries that may turn out to be irrelevant.
  std::string text_if_any(const Node& section, std::string_view key) const;
  // The same for any node, as resolved() returns it: kNull if it cannot be substituted.
  Node resolved_if_possible(const Node& node) const;

  // All of these take resolved nodes that are not kNull.
  std::optional<std::string> text(const Node& node);
  std::optional<bool> boolean(const Node& node);
  std::optional<std::uint64_t> integer(const Node& node, Range<std::uint64_t> range);
  std::optional<double> number(const Node& node, Range<double> range);
  std::optional<std::size_t> size(const Node& node, Range<std::size_t> range);
  std::optional<std::chrono::milliseconds> duration(const Node& node,
                                                    Range<std::chrono::milliseconds> range);
  // The index in `choices`, which the message lists.
  std::optional<std::size_t> choice(const Node& node, std::span<const std::string_view> choices);
  // A path with `~` expanded.
  std::optional<std::string> path_text(const Node& node);
  // A file that exists and is readable; its path with `~` expanded. Notes its content.
  std::optional<std::string> readable_file(const Node& node);

  // The items of a list, resolved; those with a problem are left out.
  std::optional<std::vector<Node>> list(const Node& node);
  // The items that are not empty, for lists with conditional items.
  std::optional<std::vector<Node>> given_items(const Node& node);
  bool expect_map(const Node& node);

  // The entry of a section, if it has a value, valid or not.
  const Node* given(const Node& section, std::string_view key);

  const Environment& environment() const { return environment_; }

  // The files that resolved values refer to, each once.
  std::vector<FileText> take_files() { return std::move(files_); }
  // The files that readable_file() has found.
  std::vector<NamedFile> take_named_files() { return std::move(named_files_); }

 private:
  void note_files(std::vector<FileText> files);

  Problems& problems_;
  const Environment& environment_;
  std::vector<FileText> files_;
  std::vector<NamedFile> named_files_;
};

}  // namespace penstock::config
