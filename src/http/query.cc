#include "http/query.h"

#include <algorithm>

#include "core/text.h"

namespace penstock::http {

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    if (percent_decode(item.substr(0, equals)) != name) continue;
    const std::string_view value = equals == item.npos ? "" : item.substr(equals + 1);
    found = percent_decode(value).value_or(std::string(value));
  }
  return found;
}

}  // namespace penstock::http
