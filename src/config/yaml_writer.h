#pragma once

// Block-style YAML, written line by line. Text is quoted if another reader could take it for
// something else; the result is always valid YAML.

#include <string>
#include <string_view>
#include <utility>

#include "config/description_writer.h"
#include "core/hidden_texts.h"

namespace penstock::config {

// Text as a value of YAML, quoted if need be.
std::string yaml_scalar(std::string_view text);

class YamlWriter final : public DescriptionWriter {
 public:
  YamlWriter() = default;
  // `hidden` are masked in every value.
  explicit YamlWriter(HiddenTexts hidden) : hidden_(std::move(hidden)) {}

  void literal(std::string_view key, std::string_view value) override;
  void text(std::string_view key, std::string_view value) override;
  void text(std::string_view key, std::string_view value, const Secret& rest) override;
  void secret(std::string_view key, const Secret& value) override;  // masked
  void text_item(std::string_view value) override;
  void open(std::string_view key) override;
  void open_item() override;
  void close() override;
  bool wants_inherited() const override { return false; }

  const std::string& result() const { return result_; }

 private:
  void begin_line();
  std::string shown(std::string_view value) const;

  const HiddenTexts hidden_;
  std::string result_;
  std::size_t depth_ = 0;
  enum class Dash { kNone, kPending } dash_ = Dash::kNone;
};

}  // namespace penstock::config
