#pragma once

// The YAML of a configuration file as a plain tree with positions and key paths.
//
// parse_document() is the only user of yaml-cpp. It returns a tree in which aliases are expanded,
// merge keys (`<<`) applied and duplicate keys reported, with bounds on depth and size, so that
// code may safely recurse over the tree. Scalars are still unsubstituted text (environment.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/problems.h"

namespace penstock::config {

struct Node {
  enum class Kind : std::uint8_t { kNull, kScalar, kList, kMap };
  // Where a scalar's text came from, which decides its type if any type is allowed.
  enum class Style : std::uint8_t {
    kPlain,        // by YAML's rules: 5 is a number, no is a boolean
    kQuoted,       // always text
    kSubstituted,  // by the reference's rules after ${env.…} and ${file:…}
    kLiteral,      // of JSON, where nothing is substituted (config/json_node.h)
  };

  // Whether references in it are replaced.
  bool may_be_substituted() const { return kind == Kind::kScalar && style != Style::kLiteral; }

  Kind kind = Kind::kNull;
  Style style = Style::kPlain;
  Position position;       // of the value; of its key if there is no value
  std::string path;        // server.api_keys[0].name; empty for the whole document
  std::string text;        // a scalar's
  bool from_file = false;  // a file's content is in the text

  std::string key;        // of an entry of a mapping
  Position key_position;  // likewise

  std::vector<Node> children;  // items or entries, in the file's order

  const Node* find(std::string_view name) const;  // the entry of a mapping, or nothing

  // "a mapping", "a list", "a value" or "nothing": for messages.
  std::string_view kind_name() const;
};

// The limits of a document; an alias counts each time it is used.
inline constexpr std::size_t kDocumentBytesMax = std::size_t{1024} * 1024;
inline constexpr std::size_t kDocumentDepthMax = 64;
inline constexpr std::size_t kDocumentNodesMax = 20'000;

// Nullopt if `text` is not one YAML document with a mapping at its top; at least one error has then
// been reported. An empty document is an empty mapping. Duplicate keys are reported and the first
// is kept, so that the rest of the file is still checked.
std::optional<Node> parse_document(std::string_view text, Problems& problems);

}  // namespace penstock::config
