#pragma once

// Reading a foreign file: sections whose remaining keys are remarked on, and texts that may be
// secrets or references to variables.

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/problems.h"

namespace penstock::imports {

// A remark at the value, with the key's path before it.
void remark(config::Problems& problems, const config::Node& node, std::string_view text);

// A mapping whose keys are taken one by one; leave() remarks on those that nobody took.
class Section {
 public:
  // Anything but a mapping has no keys.
  Section(const config::Node& node, config::Problems& problems)
      : node_(node), problems_(problems) {}

  // Null if there is no such key, or if it has no value.
  const config::Node* take(std::string_view key);
  // Its text; empty if it is no single value.
  std::string take_text(std::string_view key);
  // Its items; none if it is no list.
  const std::vector<config::Node>& take_list(std::string_view key);
  std::optional<std::size_t> take_count(std::string_view key, std::size_t most);
  // In seconds, or in Go's form (`1m30s`); remarks if it is another one.
  std::optional<std::chrono::milliseconds> take_duration(std::string_view key);
  // Keys that mean nothing here, and need no remark.
  void pass_over(std::string_view key) { taken_.insert(std::string(key)); }

  const config::Node& node() const { return node_; }
  config::Problems& problems() { return problems_; }

  // Remarks on each key that is left: that it is not carried over.
  void leave() const;

 private:
  const config::Node& node_;
  config::Problems& problems_;
  std::set<std::string, std::less<>> taken_;
};

// `${env.NAME}`.
std::string reference_to(std::string_view variable);
// A name for a variable: upper case, with underscores for what no name may have.
std::string variable_name(std::string_view text);

// `1m30s`, `250ms`, or a number of seconds. Nullopt for anything else, and for more than a week.
std::optional<std::chrono::milliseconds> foreign_duration(std::string_view text);

// The single documents of a file that has several, separated by lines of `---`; their positions are
// those in the file.
std::vector<config::Node> documents_of(std::string_view text, config::Problems& problems);

}  // namespace penstock::imports
