#pragma once

// JSON of the gateway's own answers: how it is built and written. Members keep the order in which
// they are added, which is the reference's.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace penstock::gateway {

using Json = nlohmann::ordered_json;

inline constexpr std::string_view kJson = "application/json";

// Compact; bytes that are not UTF-8 become U+FFFD.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace penstock::gateway
