#pragma once

// What must not be shown of a configuration, wherever its values are. Immutable; threads may share
// it.

#include <string>

#include "core/hidden_texts.h"
#include "core/secret_guard.h"

namespace penstock {

struct Confidential {
  SecretGuard credentials;  // also kept out of what is relayed
  HiddenTexts texts;        // only of what the server and its commands say themselves

  void mask(std::string& text) const {
    texts.mask(text);
    credentials.mask(text);
  }
};

}  // namespace penstock
