#pragma once

// The configuration of llama-swap: `models`, `peers` and `selectors`.
//
// llama-swap starts and stops programs, which Penstock does not do: it stays where it is, behind
// Penstock, as the provider of its own models. Peers become providers that are asked directly.

#include "config/node.h"
#include "config/problems.h"
#include "imports/draft.h"

namespace penstock::imports {

void import_llama_swap(const config::Node& file, ConfigDraft& draft, config::Problems& problems);

}  // namespace penstock::imports
