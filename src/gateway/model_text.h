#pragma once

// Models in the gateway's answers, in the reference's shapes.

#include <string>
#include <string_view>

#include "models/model.h"

namespace penstock::gateway {

// Around the entries of the list of models, which are separated by commas.
inline constexpr std::string_view kModelListBegin = R"({"object":"list","data":[)";
inline constexpr std::string_view kModelListEnd = "]}";

// An entry of the list, after a comma if `out` already has entries. What the upstream says about
// its model beyond the reference's members follows them.
void append_list_entry(std::string& out, const models::Model& model, std::string_view provider_id);
// The approximate length of that, for a reservation.
std::size_t list_entry_bytes(const models::Model& model, std::string_view provider_id);

// A single model, which has another form.
std::string single_model(const models::Model& model, std::string_view provider_id);

}  // namespace penstock::gateway
