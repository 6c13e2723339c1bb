#pragma once

// World: what all threads share. Created before they start, and not changed by them.

#include "sim/embeddings.h"
#include "sim/models.h"
#include "sim/options.h"
#include "sim/token_text.h"

namespace penstock::sim {

struct World {
  const Options& options;
  Models models;
  TokenText text;
  Embeddings embeddings;
};

}  // namespace penstock::sim
