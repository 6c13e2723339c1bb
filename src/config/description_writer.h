#pragma once

// What a description of the settings is written to: text for people (yaml_writer.h), or values to
// compare (described_tree.h). One description serves both, so that what is shown is also compared.

#include <string_view>

#include "core/secret.h"

namespace penstock::config {

class DescriptionWriter {
 public:
  virtual ~DescriptionWriter() = default;

  // `key: value`, with the value as YAML: numbers, booleans, JSON.
  virtual void literal(std::string_view key, std::string_view value) = 0;
  virtual void text(std::string_view key, std::string_view value) = 0;
  // `value` lives as long as what is written, and so does `rest` below.
  virtual void secret(std::string_view key, const Secret& value) = 0;
  // A value that tells only a part: `rest` is compared, too, but not shown.
  virtual void text(std::string_view key, std::string_view value, const Secret& rest) = 0;
  // An item of a list.
  virtual void text_item(std::string_view value) = 0;

  // `key:`, and one level deeper until close().
  virtual void open(std::string_view key) = 0;
  // Begins an item that is a mapping; its first entry follows the dash. Until close().
  virtual void open_item() = 0;
  virtual void close() = 0;

  // Whether an entry has also what it has from defaults of the same file.
  virtual bool wants_inherited() const = 0;
};

}  // namespace penstock::config
