#pragma once

// What kind of service an upstream is, as far as that is cheap to see.

#include <string>
#include <string_view>

#include "config/endpoint.h"

namespace penstock::app {

struct UpstreamKind {
  std::string name;           // "Ollama", for people
  std::string provider_id;    // what the file calls it
  std::string provider_type;  // remote::ollama
  std::string key_variable;   // where its key usually is; empty: it needs none
};

// By its host: the services whose addresses the types of providers know. Else a service of which
// only the API is known.
UpstreamKind kind_by_host(std::string_view host);

// By its list of models: what `owned_by` and its like say.
UpstreamKind kind_by_list(const UpstreamKind& by_host, std::string_view list);

}  // namespace penstock::app
