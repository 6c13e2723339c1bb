#pragma once

// `penstock explain-route`: asks a server where a request would go.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "net/tls_context.h"

namespace penstock::app {

struct RouteQuestion {
  std::string model;
  std::string path;
  std::string body;  // empty: it only names the model
  std::vector<std::pair<std::string, std::string>> fields;
};

struct RouteReply {
  int status = 0;
  bool is_text = false;  // it was said to be
  std::string body;
};

// Asks on the calling thread. `verify`: as of ask_server(). Errors: those of connecting and
// receiving.
Result<RouteReply> ask_for_route(const config::Url& server, const RouteQuestion& question,
                                 net::TlsContext::ClientOptions::Verify verify);

// `name=value` or `name: value`, as a field. Errors: kInvalidRequest.
Result<std::pair<std::string, std::string>> field_of(std::string_view text);

}  // namespace penstock::app
