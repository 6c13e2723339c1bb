#include "config/store_settings.h"

#include <algorithm>

namespace penstock::config {

std::string_view user_information(std::string_view url) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  if (mark == std::string_view::npos) return {};
  const std::size_t begin = mark + kMark.size();
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  return at == std::string_view::npos || at < begin ? std::string_view()
                                                    : url.substr(begin, at - begin);
}

}  // namespace penstock::config
