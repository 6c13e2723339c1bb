#pragma once

// Routes that judge or count texts: rerank in its three shapes, score, moderations, tokenize and
// detokenize. Scores depend on the texts only, and mean nothing.

#include "sim/call.h"

namespace penstock::sim {

// Jina's and vLLM's shape: with model, documents and usage.
Result<Made> rerank(const Call& call);
// Cohere's, version 2: `meta.billed_units`, no model.
Result<Made> rerank_as_cohere(const Call& call);
// Llama Stack's and OGX's: `items` in, `data` out.
Result<Made> rerank_as_ogx(const Call& call);

// vLLM's score: `text_1` (or `queries`) against each `text_2` (or `documents`).
Result<Made> score(const Call& call);

// A text with the word "attack" is flagged. Without a model, it is the first one.
Result<Made> moderate(const Call& call);

// vLLM's tokenize and detokenize: a token for every three bytes.
Result<Made> tokenize(const Call& call);
Result<Made> detokenize(const Call& call);

}  // namespace penstock::sim
