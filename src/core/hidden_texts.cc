#include "core/hidden_texts.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/secret.h"
#include "core/text.h"

namespace penstock {

HiddenTexts::HiddenTexts(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    if (text.size() < kBytesMin) continue;
    std::string escaped;
    append_json_escaped(escaped, text);
    if (escaped != text) texts_.push_back(lower_case(escaped));
    texts_.push_back(lower_case(text));
  }
  std::ranges::stable_sort(texts_, std::greater(), &std::string::size);
}

bool HiddenTexts::are_in(std::string_view text) const {
  if (texts_.empty()) return false;
  const std::string lower = lower_case(text);
  return std::ranges::any_of(texts_,
                             [&](const std::string& hidden) { return lower.contains(hidden); });
}

void HiddenTexts::mask(std::string& text) const {
  if (!are_in(text)) return;
  for (const std::string& hidden : texts_) {
    std::string lower = lower_case(text);
    for (std::size_t at = 0; (at = lower.find(hidden, at)) != std::string::npos;) {
      text.replace(at, hidden.size(), Secret::kMask);
      lower.replace(at, hidden.size(), Secret::kMask);
      at += Secret::kMask.size();
    }
  }
}

}  // namespace penstock
