#pragma once

// One request of a command to a server: mostly to a running one of our own.

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.h"
#include "config/url.h"
#include "core/result.h"
#include "net/tls_context.h"

namespace penstock::app {

struct ServerQuestion {
  std::string_view method = "GET";
  std::string target;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::chrono::milliseconds patience{10'000};
  // For a server with TLS; null: that of `verify`.
  const net::TlsContext* tls = nullptr;
};

struct ServerReply {
  int status = 0;
  std::string content_type;
  std::string date;
  std::string body;
};

// Asks on the calling thread, within the question's patience. `verify`: whether the server's
// certificate must be one for its name. Errors: those of connecting and receiving.
Result<ServerReply> ask_server(
    const config::Url& server, const ServerQuestion& question,
    net::TlsContext::ClientOptions::Verify verify = net::TlsContext::ClientOptions::Verify::kYes);

}  // namespace penstock::app
