// `penstock health`: asks a running server whether it is well.

#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/server_question.h"
#include "config/url.h"

namespace penstock::app {
namespace {

using Verify = net::TlsContext::ClientOptions::Verify;

int ask_whether_well(const config::Url& server, const HealthOptions& options, Verify verify) {
  const std::string path = options.ready ? "/readyz" : "/healthz";
  const Result<ServerReply> reply =
      ask_server(server, {.target = server.path + path, .fields = {}, .body = {}}, verify);
  if (!reply) {
    std::cerr << "penstock: " << server.text() << path << ": " << reply.error().message << "\n";
    return kFailed;
  }
  if (reply->status != 200) {
    std::cerr << "penstock: " << server.text() << path << " answers " << reply->status << ": "
              << reply->body << "\n";
    return kFailed;
  }
  std::cout << reply->body << (reply->body.ends_with('\n') ? "" : "\n");
  return kSuccess;
}

}  // namespace

int health(const HealthOptions& options) {
  if (!options.url.empty()) {
    const Result<config::Url> url = config::parse_url(options.url, config::Ways::kTcpAndSockets);
    if (!url) {
      std::cerr << "penstock: --url " << options.url << ": " << url.error().message << "\n";
      return kMistake;
    }
    return ask_whether_well(*url, options, Verify::kYes);
  }
  const std::shared_ptr<config::Settings> settings = load_configuration(options.config);
  if (settings == nullptr) return kMistake;
  config::Server& server = settings->server;
  if (options.port) server.port = *options.port;
  // The server's certificate is for the name by which clients know it, not for this machine's
  // loopback; nothing secret is sent.
  return ask_whether_well(address_of(server), options, Verify::kNo);
}

}  // namespace penstock::app
