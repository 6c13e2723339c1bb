#pragma once

// The JSON trees of requests and answers off the fast path. Members keep their order.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace penstock::sim {

using Json = nlohmann::ordered_json;

// Each finds a member of an object; a value that is no object has no members. Null counts as
// absent.
const Json* member(const Json& object, std::string_view name);
std::string text_member(const Json& object, std::string_view name);  // empty: absent or no string
bool flag_member(const Json& object, std::string_view name);         // whether it is true
std::optional<std::uint64_t> count_member(const Json& object, std::string_view name);

// Compact. What is not UTF-8 is replaced.
std::string text_of(const Json& value);

}  // namespace penstock::sim
