#pragma once

// Terms in the JSON of the administration API and of the store: the form of the configuration file.

#include <string>

#include "config/terms.h"
#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/result.h"

namespace penstock::config {

// The members of an open object; none of terms that restrict nothing.
void write_terms_members(JsonWriter& out, const Terms& terms);
// An object of its own.
std::string json_of(const Terms& terms);

// Of an object with keys of terms only; something that has others beside them is decoded with
// with_terms() and decode_json(). What json_of() has written gives equal terms. Fails with
// kInvalidRequest and all problems, each with its key.
Result<Terms> terms_of_json(const JsonValue& object);
// The same of a text, which must be JSON.
Result<Terms> terms_of_json(std::string_view text);

}  // namespace penstock::config
