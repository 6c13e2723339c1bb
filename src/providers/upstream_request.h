#pragma once

// UpstreamRequest: what is asked of an upstream, as far as the head of the request depends on it.
//
// A value: each attempt writes a head of its own from it, since each may go to another provider.

#include <string_view>

#include "config/endpoint.h"
#include "http/head.h"
#include "providers/provider_data.h"

namespace penstock::providers {

struct UpstreamRequest {
  std::string_view path;        // with its version, as clients of this server write it
  std::string_view query = {};  // the client's, without its question mark
  config::Surface surface = config::Surface::kOpenAi;
  const http::Fields* client_fields = nullptr;  // of the client's head; never null
  std::string_view request_id = {};
  bool has_body = false;
  const ProviderData* data = nullptr;  // null: the caller sent none
};

}  // namespace penstock::providers
