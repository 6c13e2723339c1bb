#pragma once

// What a provider's type adds to the settings that its entry has, once all of these are known.

#include <optional>
#include <string>

#include "config/decoder.h"
#include "config/presets.h"
#include "config/settings.h"

namespace penstock::config {

// A provider while its `config` is decoded, with the settings that only some types have.
struct UpstreamDraft {
  // With the type's ways to send keys.
  UpstreamDraft(const Preset& preset_in, Provider provider_in);

  const Preset& preset;
  Provider provider;
  std::string region = "us-east-2";
  Secret access_token;
  std::string project;
  std::string api_version;
  std::optional<UpstreamTls> tls_verify;  // its `verify` and `ca_file`
};

// `section` is the `config`, or the entry if it has none.
void settle_upstream(Decoder& decoder, const Node& section, UpstreamDraft& draft);

}  // namespace penstock::config
