#pragma once

// Which provider of ours a deployment of LiteLLM is on.

#include <optional>
#include <string>

#include "imports/draft.h"
#include "imports/foreign.h"

namespace penstock::imports {

struct LiteLlmPlace {
  ProviderDraft provider;
  std::string model;  // the provider's name for it
};

// Takes the model, the address and the key from `params`. Nullopt after a remark if there is no
// such provider here.
std::optional<LiteLlmPlace> litellm_place(Section& params);

// `os.environ/NAME` as a reference, other text as it is.
std::string litellm_text(std::string_view text);
// The same for a secret, which is never text: the reference is then to `variable`, with a remark.
std::string litellm_secret(const config::Node& node, std::string_view variable,
                           config::Problems& problems);

}  // namespace penstock::imports
