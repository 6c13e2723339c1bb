#pragma once

// Which model an unknown name was most likely meant for.

#include <string_view>

#include "models/model.h"

namespace penstock::models {

// In this order: a model whose name is `name` without the provider's id before it, or with another
// one; the same ignoring case; the one with the fewest differing characters, if they are few. Null
// if none is near. One pass over the models, with bounded work for comparing them: it ends early
// among a hundred thousand models whose names are as long as `name` and begin alike. A wrong name
// costs about a millisecond among 20,000.
const Model* nearest_model(ModelsInParts models, std::string_view name);

}  // namespace penstock::models
