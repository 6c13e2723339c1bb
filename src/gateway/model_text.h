#pragma once

// Models as the answers of the gateway show them, in the reference's shapes.

#include <string>
#include <string_view>

#include "models/model.h"

namespace penstock::gateway {

// Around the entries of the list of models, which have commas between them.
inline constexpr std::string_view kModelListBegin = R"({"object":"list","data":[)";
inline constexpr std::string_view kModelListEnd = "]}";

// An entry of the list, with the comma before it where `out` has entries already. What the upstream
// says of its model beyond the reference's members follows them.
void append_list_entry(std::string& out, const models::Model& model, std::string_view provider_id);
// About how long that is: enough for a reservation.
std::size_t list_entry_bytes(const models::Model& model, std::string_view provider_id);

// The form of a single model, which is another one.
std::string single_model(const models::Model& model, std::string_view provider_id);

}  // namespace penstock::gateway
