#include "telemetry/label_list.h"

namespace penstock::telemetry {

std::optional<std::size_t> LabelList::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

std::size_t LabelList::find_or_add(std::string_view text) {
  if (const auto number = find(text)) return *number;
  if (texts_.size() < max_) return add(text);
  const auto other = find(kOther);
  return other ? *other : add(kOther);
}

std::size_t LabelList::add(std::string_view text) {
  const auto [entry, is_new] = numbers_.emplace(text, texts_.size());
  texts_.push_back(entry->first);
  return entry->second;
}

}  // namespace penstock::telemetry
