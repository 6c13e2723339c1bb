#pragma once

// The values of one label that operators name: the list only grows.
//
// Each text has a number for the life of the process, so that a counter never goes down or changes
// its meaning when a configuration is replaced. Not synchronized.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::telemetry {

class LabelList {
 public:
  // What all texts beyond the maximum share.
  static constexpr std::string_view kOther = "other";

  explicit LabelList(std::size_t max) : max_(max) {}

  // The number of the text, added if it is new; that of kOther once the list is full.
  std::size_t find_or_add(std::string_view text);
  std::optional<std::size_t> find(std::string_view text) const;

  // By number. The texts themselves never move.
  const std::vector<std::string_view>& texts() const { return texts_; }

 private:
  std::size_t add(std::string_view text);

  const std::size_t max_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::vector<std::string_view> texts_;  // the keys
};

}  // namespace penstock::telemetry
