#pragma once

// The items of a Responses request that only the account which made them can open.

#include <string_view>
#include <vector>

namespace penstock::wire {

// The parts of the body that remain without the items of `input` that have an `encrypted_content`,
// and without the commas that belong to them; together they are a body. Empty: there is no such
// item. The body was checked before (wire/bodies/request_fields.h), and outlives the parts.
std::vector<std::string_view> parts_without_sealed_items(std::string_view body);

}  // namespace penstock::wire
