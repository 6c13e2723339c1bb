#pragma once

// Which fields of a client's own head pass to an upstream.
//
// Few do, listed by the API that is called: what selects versions and betas of the API, what traces
// a request, and what tells the sessions of coding agents apart. An operator adds to them or takes
// away (forward_client_headers). Credentials, cookies, and fields that belong to a connection or
// are written by the gateway never pass, whatever the operator says.

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "http/head.h"

namespace penstock::providers {

class ClientFields {
 public:
  explicit ClientFields(const config::Provider& settings);

  bool passes(const http::Field& field, config::Surface surface) const;

 private:
  std::vector<std::string> added_;  // lower case
  std::vector<std::string> withheld_;
};

}  // namespace penstock::providers
