// `penstock reload`: lets a running server take its configuration again.

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

// Longer than a reload takes.
constexpr std::chrono::milliseconds kReloadPatience{30'000};
constexpr int kServed = 200;
constexpr int kRefused = 422;

std::string advice_for(int status) {
  if (status == 401) return "; give a key with the role admin as --api-key";
  if (status == 404) return "; it is no Penstock, or an older one";
  return "";
}

int ask_to_reload(const config::Url& server, const ReloadOptions& options, Verify verify) {
  const std::string path = "/penstock/reload";
  ServerQuestion question{.method = "POST",
                          .target = server.path + path,
                          .fields = {{"Accept", "text/plain"}},
                          .body = {},
                          .patience = kReloadPatience};
  if (!options.api_key.empty()) {
    question.fields.emplace_back("Authorization", "Bearer " + options.api_key);
  }
  const Result<ServerReply> reply = ask_server(server, question, verify);
  if (!reply) {
    std::cerr << "penstock: " << server.text() << path << ": " << reply.error().message << "\n";
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
  std::cerr << "penstock: " << server.text() << path << " answers " << reply->status
            << advice_for(reply->status) << ": " << reply->body << "\n";
  return kFailed;
}

}  // namespace

int reload(const ReloadOptions& options) {
  if (!options.url.empty()) {
    const Result<config::Url> url = config::parse_url(options.url, config::Ways::kTcpAndSockets);
    if (!url) {
      std::cerr << "penstock: --url " << options.url << ": " << url.error().message << "\n";
      return kMistake;
    }
    return ask_to_reload(*url, options, Verify::kYes);
  }
  const std::shared_ptr<config::Settings> settings = load_configuration(options.config);
  if (settings == nullptr) return kMistake;
  // The certificate is for the name by which clients know the server. A key goes to a name only
  // that the certificate is for, or stays on this machine.
  const bool stays_here = is_loopback(address_of(settings->server).host);
  const bool may_differ = stays_here || options.api_key.empty();
  return ask_to_reload(address_of(settings->server), options,
                       may_differ ? Verify::kNo : Verify::kYes);
}

}  // namespace penstock::app
