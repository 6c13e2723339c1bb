// `penstock health`: asks a running server whether it is well.

#include <iostream>
#include <optional>
#include <string>

#include "app/asked_server.h"
#include "app/commands.h"
#include "app/server_question.h"

namespace penstock::app {

int health(const HealthOptions& options) {
  std::optional<AskedServer> server = server_to_ask(options.url, options.config);
  if (!server) return kMistake;
  if (server->settings != nullptr && options.port) {
    server->url = address_of(server->settings->server);
    server->url.port = *options.port;
  }
  const std::string path = options.ready ? "/readyz" : "/livez";
  const std::string place = server->text() + path;
  const ServerQuestion question{.target = server->url.path + path, .fields = {}, .body = {}};
  const Result<ServerReply> reply = ask_server(server->url, question, server->verification(""));
  if (!reply) {
    std::cerr << "penstock: " << place << ": " << reply.error().message << "\n";
    return kFailed;
  }
  if (reply->status != 200) {
    std::cerr << "penstock: " << place << " answers " << reply->status << ": " << reply->body
              << "\n";
    return kFailed;
  }
  std::cout << reply->body << (reply->body.ends_with('\n') ? "" : "\n");
  return kSuccess;
}

}  // namespace penstock::app
