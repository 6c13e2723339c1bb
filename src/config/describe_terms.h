#pragma once

// Terms as keys: the only writer of their form, for descriptions of the configuration and for the
// administration API (config/terms_json.h). The decoder (config/decode_terms.h) reads equal terms
// from it.

#include "config/description_writer.h"
#include "config/terms.h"

namespace penstock::config {

// Only what is not as in terms without any restriction. Literals are JSON.
void write_terms(DescriptionWriter& out, const Terms& terms);

}  // namespace penstock::config
