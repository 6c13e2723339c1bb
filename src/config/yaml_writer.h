#pragma once

// Block-style YAML, written line by line. Text is quoted if another reader could take it for
// something else; the result is always valid YAML.

#include <string>
#include <string_view>

namespace penstock::config {

class YamlWriter {
 public:
  // `key: value`, with the value unquoted: numbers, booleans, JSON.
  void literal(std::string_view key, std::string_view value);
  void text(std::string_view key, std::string_view value);
  // An item of a list.
  void text_item(std::string_view value);

  // `key:`, and one level deeper until close().
  void open(std::string_view key);
  // Begins an item that is a mapping; its first entry follows the dash. Until close().
  void open_item();
  void close();

  const std::string& result() const { return result_; }

 private:
  void begin_line();

  std::string result_;
  std::size_t depth_ = 0;
  enum class Dash { kNone, kPending } dash_ = Dash::kNone;
};

}  // namespace penstock::config
