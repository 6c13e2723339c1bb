#pragma once

// Keys: whose key a call carries, the first that exists.
//
// For remote::passthrough: the operator's static key, the caller's (`{provider_id}_api_key` or
// `passthrough_api_key` in the provider data), an Authorization that forward_headers fills from the
// caller's data. For other types, as in the reference: the caller's key, a forwarded one, the
// operator's. The Authorization of the client's own request identifies a principal of the gateway
// and is never forwarded.

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/secret.h"
#include "http/field_block.h"
#include "providers/call.h"
#include "providers/provider_data.h"

namespace penstock::providers {

class Keys {
 public:
  // The settings outlive the keys.
  explicit Keys(const config::Provider& settings);

  // `data` is null if the caller sent none.
  ChosenKey choose(const Endpoint& endpoint, const ProviderData* data) const;

 private:
  const config::Provider& settings_;
  std::vector<std::string> callers_;  // names in the provider data, in the order of precedence
};

void add_key(http::FieldBlock& out, config::KeyForm form, const Secret& key);

// Whether the configuration fills that field.
bool operator_sets(const config::Provider& settings, std::string_view name);
// Whether the caller's provider data fill it (forward_headers).
bool caller_sets(const config::Provider& settings, std::string_view name, const ProviderData& data);

}  // namespace penstock::providers
