// `penstock reload`: lets a running server take its configuration again.

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

#include "app/asked_server.h"
#include "app/commands.h"
#include "app/server_question.h"

namespace penstock::app {
namespace {

// Longer than a reload takes.
constexpr std::chrono::milliseconds kReloadPatience{30'000};
constexpr int kServed = 200;
constexpr int kRefused = 422;

std::string advice_for(int status) {
  if (status == 401) return "; give a key with the role admin as --api-key";
  if (status == 404) return "; it is no Penstock, or an older one";
  return "";
}

}  // namespace

int reload(const ReloadOptions& options) {
  const std::optional<AskedServer> server = server_to_ask(options.url, options.config);
  if (!server) return kMistake;
  const std::string path = "/penstock/reload";
  const std::string place = server->text() + path;
  ServerQuestion question{.method = "POST",
                          .target = server->url.path + path,
                          .fields = {{"Accept", "text/plain"}},
                          .body = {},
                          .patience = kReloadPatience};
  if (!options.api_key.empty()) {
    question.fields.emplace_back("Authorization", "Bearer " + options.api_key);
  }
  const Result<ServerReply> reply =
      ask_server(server->url, question, server->verification(options.api_key));
  if (!reply) {
    std::cerr << "penstock: " << place << ": " << reply.error().message << "\n";
    return kFailed;
  }
  if (reply->status == kServed) {
    std::cout << reply->body;
    return kSuccess;
  }
  if (reply->status == kRefused) {
    std::cerr << reply->body << "penstock: the configuration before stays\n";
    return kFailed;
  }
  std::cerr << "penstock: " << place << " answers " << reply->status << advice_for(reply->status)
            << ": " << reply->body << "\n";
  return kFailed;
}

}  // namespace penstock::app
