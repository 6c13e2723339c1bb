#pragma once

// Which server a command asks: the one that `--url` names, or the one of a configuration.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/commands.h"
#include "config/settings.h"
#include "config/url.h"
#include "net/tls_context.h"

namespace penstock::app {

struct AskedServer {
  config::Url url;
  std::shared_ptr<config::Settings> settings;  // null: `--url` names it

  // The URL for messages, without what is confidential in the configuration.
  std::string text() const;
  // Whether its certificate must be one for its name. That of a configuration's server is for the
  // name by which clients know it, which may be another than the one it listens on: a key goes to
  // a name only that the certificate is for, or stays on this machine.
  net::TlsContext::ClientOptions::Verify verification(std::string_view api_key) const;
};

// Where a server of this configuration listens, seen from this machine: for clients, and for
// operators, which is the same without an admin listener.
config::Url address_of(const config::Server& server);
config::Url operations_address_of(const config::Settings& settings);

// `url` is that of `--url`; empty: a server of the configuration, where it serves operators.
// Nullopt after a mistake in either, which is written to stderr.
std::optional<AskedServer> server_to_ask(const std::string& url, const ConfigSource& config);

}  // namespace penstock::app
