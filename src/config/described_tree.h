#pragma once

// A description of the settings as a tree of values, to be compared with another.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/description_writer.h"

namespace penstock::config {

struct DescribedValue {
  enum class Kind : std::uint8_t {
    kLiteral,  // numbers, booleans, JSON
    kText,
    kSecret,
    kMap,
    kList,
  };

  Kind kind = Kind::kMap;
  std::string key;                 // of an entry of a mapping
  std::string text;                // of kLiteral and kText, without quotes
  const Secret* secret = nullptr;  // of kSecret; and the part of a text that is not shown, if any
  std::vector<DescribedValue> children;

  const DescribedValue* find(std::string_view name) const;  // the entry of a mapping, or null
  bool equals(const DescribedValue& other) const;
  // In YAML's flow style, with masked secrets.
  std::string shown() const;
};

class DescribedTree final : public DescriptionWriter {
 public:
  void literal(std::string_view key, std::string_view value) override;
  void text(std::string_view key, std::string_view value) override;
  void text(std::string_view key, std::string_view value, const Secret& rest) override;
  void secret(std::string_view key, const Secret& value) override;
  void text_item(std::string_view value) override;
  void open(std::string_view key) override;
  void open_item() override;
  void close() override;
  bool wants_inherited() const override { return true; }

  const DescribedValue& root() const { return root_; }

 private:
  DescribedValue& current();
  DescribedValue& add(DescribedValue::Kind kind, std::string_view key);

  DescribedValue root_;
  // Positions of the open values, each in the one before; pointers would not survive an insertion.
  std::vector<std::size_t> open_;
};

}  // namespace penstock::config
