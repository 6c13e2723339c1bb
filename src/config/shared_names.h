#pragma once

// Registered models with one name on several providers: a model route of equal targets.

#include <cstddef>
#include <string>
#include <vector>

#include "config/decoder.h"
#include "config/draft.h"

namespace penstock::config {

// `models`: positions in settings.models of those with the name, more than one. Two of them on one
// provider are an error. A written route of that name counts instead.
void settle_shared_name(Decoder& decoder, Draft& draft, const std::string& name,
                        const std::vector<std::size_t>& models);

// The same of models whose names have their providers' ids before the model_id that they share.
// They are complete without it: where they cannot take each other's place, there is no route.
void settle_shared_id(Draft& draft, const std::string& id, const std::vector<std::size_t>& models);

}  // namespace penstock::config
