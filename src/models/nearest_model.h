#pragma once

// Which model a name that is not known was most likely meant for.

#include <string_view>

#include "models/model.h"

namespace penstock::models {

// In this order: a model whose name is `name` without the provider's id before it, or with another
// one; the same with the case ignored; the one with the fewest differing characters, where they are
// few. Null where nothing is near. One pass over the models, with a bound on the work of comparing
// them, so that a wrong name costs about a millisecond among 20,000.
const Model* nearest_model(const Models& models, std::string_view name);

}  // namespace penstock::models
