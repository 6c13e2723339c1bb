#include "app/asked_server.h"

#include <iostream>
#include <utility>

#include "app/configuration.h"
#include "config/confidential.h"

namespace penstock::app {

using Verify = net::TlsContext::ClientOptions::Verify;

namespace {

config::Url address_of(const std::string& host, std::uint16_t port, bool tls) {
  config::Url url{.tls = tls, .host = host, .port = port, .path = {}};
  if (const std::string_view socket = config::socket_of_host(host); !socket.empty()) {
    url.host = "localhost";
    url.socket = socket;
  }
  if (url.host == "0.0.0.0") url.host = "127.0.0.1";
  if (url.host == "::") url.host = "::1";
  return url;
}

}  // namespace

std::string AskedServer::text() const {
  std::string text = url.text();
  if (settings != nullptr) config::confidential_of(*settings).mask(text);
  return text;
}

Verify AskedServer::verification(std::string_view api_key) const {
  const bool may_differ = settings != nullptr && (api_key.empty() || is_loopback(url.host));
  return may_differ ? Verify::kNo : Verify::kYes;
}

config::Url address_of(const config::Server& server) {
  return address_of(server.host, server.port, !server.tls_certfile.empty());
}

config::Url operations_address_of(const config::Settings& settings) {
  const std::optional<config::Admin>& admin = settings.admin;
  return admin ? address_of(admin->host, admin->port, admin->tls) : address_of(settings.server);
}

std::optional<AskedServer> server_to_ask(const std::string& url, const ConfigSource& config) {
  if (!url.empty()) {
    Result<config::Url> parsed = config::parse_url(url, config::Ways::kTcpAndSockets);
    if (parsed) return AskedServer{.url = std::move(*parsed), .settings = nullptr};
    std::cerr << "penstock: --url " << url << ": " << parsed.error().message << "\n";
    return std::nullopt;
  }
  std::shared_ptr<config::Settings> settings = load_configuration(config);
  if (settings == nullptr) return std::nullopt;
  return AskedServer{.url = operations_address_of(*settings), .settings = settings};
}

}  // namespace penstock::app
