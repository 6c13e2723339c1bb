#include "config/decode_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_address.h"
#include "config/decode_cors.h"
#include "config/decode_keys.h"
#include "config/decode_limit_rules.h"
#include "config/decode_limits.h"
#include "config/decode_network.h"
#include "config/decode_trust.h"
#include "config/url.h"

namespace penstock::config {
namespace {

constexpr std::uint64_t kRefreshSecondsMax = 7 * 24 * 3600;
constexpr std::uint64_t kHstsSecondsMax = 10ULL * 366 * 24 * 3600;

void decode_access_log(Decoder& decoder, const Node& node, Server& server) {
  const auto text = decoder.path_text(node);
  if (!text) return;
  constexpr std::array<std::string_view, 3> kPlaces = {"stdout", "stderr", "off"};
  const bool is_place = std::find(kPlaces.begin(), kPlaces.end(), *text) != kPlaces.end();
  // A slash distinguishes a file from a misspelled keyword.
  if (is_place || text->find('/') != std::string::npos) {
    server.access_log = *text;
    return;
  }
  decoder.error(node,
                fmt::format("expected stdout, stderr, off, or a file's path with a slash in it; {}",
                            suggestion(*text, {kPlaces.begin(), kPlaces.end()})));
}

void decode_caller_url_hosts(Decoder& decoder, const Node& node, Server& server) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    auto host = parse_caller_url_host(*text);
    if (host) {
      server.caller_url_hosts.push_back(std::move(*host));
    } else {
      decoder.error(item, host.error().message);
    }
  }
}

void decode_ready_requires(Decoder& decoder, const Node& node, Server& server) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    if (const auto id = decoder.text(item)) server.ready_requires.push_back(*id);
  }
}

// The reference turns its authentication off by a type that substitutes to nothing.
bool is_switched_off(Decoder& decoder, const Node& auth) {
  const Node* provider = auth.find("provider_config");
  const Node* type = provider != nullptr ? provider->find("type") : nullptr;
  if (type == nullptr) return false;
  const auto resolved = decoder.resolved(*type);
  if (!resolved || resolved->kind != Node::Kind::kNull) return false;
  return std::none_of(auth.children.begin(), auth.children.end(), [&](const Node& other) {
    return &other != provider && says_something(other);
  });
}

constexpr std::string_view kLocalApiKey = "local_api_key";

void check_auth_type(Decoder& decoder, const Node& node, Server&) {
  const auto type = decoder.text(node);
  if (!type || *type == kLocalApiKey) return;
  decoder.error(node, fmt::format("authentication of type {} is not supported; use {}, and list "
                                  "the clients' keys in api_keys",
                                  shown_key(*type), kLocalApiKey));
}

constexpr std::array kAuthProviderKeys = {
    Key<Server>{"type", "local_api_key", "", check_auth_type, Use::kRequired},
    Key<Server>{"api_keys", "list", "[]", decode_api_keys},
};

// Errors about keys of other types would only hide that the type is the problem.
void decode_auth_provider(Decoder& decoder, const Node& node, Server& server) {
  const std::string type = decoder.text_if_any(node, "type");
  const Node* type_node = node.find("type");
  if (type_node != nullptr && !type.empty() && type != kLocalApiKey) {
    return check_auth_type(decoder, *decoder.resolved(*type_node), server);
  }
  decode_section<Server>(decoder, node, kAuthProviderKeys, server);
  if (decoder.expect_map(node) && server.api_keys.empty()) {
    decoder.error(node, "api_keys is empty; list the keys that clients may use");
  }
}

constexpr std::array kAuthKeys = {
    Key<Server>{"provider_config", "mapping", "", decode_auth_provider, Use::kRequired,
                [](const std::string& path, KnownKeys& out) {
                  list_section<Server>(path, kAuthProviderKeys, out);
                }},
};

// Ignoring unsupported settings would open a server that its operator believes to be protected:
// every unknown key here is an error.
void decode_auth(Decoder& decoder, const Node& node, Server& server) {
  if (is_switched_off(decoder, node)) return;
  decode_section<Server>(decoder, node, kAuthKeys, server);
}

constexpr std::array kTlsConfigKeys = {
    Key<Server>{"ciphers", "list of text", "none",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_ciphers(decoder, node, server.tls_ciphers);
                }},
};

constexpr std::array kReloadKeys = {
    Key<ReloadRules>{"watch", "boolean", "false",
                     [](Decoder& decoder, const Node& node, ReloadRules& reload) {
                       store(decoder.boolean(node), reload.watch);
                     }},
    Key<ReloadRules>{"debounce", "duration", "500ms",
                     [](Decoder& decoder, const Node& node, ReloadRules& reload) {
                       store(decoder.duration(node, {milliseconds(10), std::chrono::minutes(1)}),
                             reload.debounce);
                     }},
};

constexpr std::array kDrainKeys = {
    Key<Drain>{"delay", "duration", "0",
               [](Decoder& decoder, const Node& node, Drain& drain) {
                 store(decoder.duration(node, {milliseconds(0), std::chrono::minutes(10)}),
                       drain.delay);
               }},
};

constexpr std::array kServerKeys = {
    Key<Server>{"host", "host or unix:PATH", "127.0.0.1",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_host(decoder, node, server.host);
                }},
    Key<Server>{"port", "integer", "8321",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.integer(node, {0, 65535}), server.port);
                }},
    Key<Server>{"threads", "integer", "0",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.integer(node, {0, 1024}), server.threads);
                }},
    Key<Server>{"tls_certfile", "file", "none",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.readable_file(node), server.tls_certfile);
                }},
    Key<Server>{"tls_keyfile", "file", "none",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.readable_file(node), server.tls_keyfile);
                }},
    Key<Server>{"tls_cafile", "file", "none",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.readable_file(node), server.tls_cafile);
                }},
    Key<Server>{"tls_config", "mapping", "{}",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_section<Server>(decoder, node, kTlsConfigKeys, server);
                },
                Use::kOptional,
                [](const std::string& path, KnownKeys& out) {
                  list_section<Server>(path, kTlsConfigKeys, out);
                }},
    Key<Server>{"hsts_max_age", "integer", "31536000",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.integer(node, {0, kHstsSecondsMax}), server.hsts_max_age);
                }},
    Key<Server>{"registry_refresh_interval_seconds", "integer", "300",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.integer(node, {1, kRefreshSecondsMax}),
                        server.registry_refresh_interval);
                }},
    Key<Server>{"api_keys", "list", "[]", decode_api_keys, Use::kOptional, list_api_keys_keys},
    Key<Server>{"limits", "mapping", "{}",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_limits(decoder, node, server.limits);
                },
                Use::kOptional, list_limits_keys},
    Key<Server>{"timeouts", "mapping", "{}",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_timeouts(decoder, node, server.timeouts);
                },
                Use::kOptional, list_timeouts_keys},
    Key<Server>{"sse_done", "pass or strip", "pass",
                [](Decoder& decoder, const Node& node, Server& server) {
                  constexpr std::array<std::string_view, 2> kChoices = {"pass", "strip"};
                  store(decoder.choice(node, kChoices), server.sse_done);
                }},
    Key<Server>{"access_log", "text", "stdout", decode_access_log},
    Key<Server>{"access_log_format", "auto, json or text", "auto",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.choice(node, kAccessLogFormats), server.access_log_format);
                }},
    Key<Server>{"log_level", "debug, info, warning or error", "info",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.choice(node, kLogLevels), server.log_level);
                }},
    Key<Server>{"core_dumps", "boolean", "false",
                [](Decoder& decoder, const Node& node, Server& server) {
                  store(decoder.boolean(node), server.core_dumps);
                }},
    Key<Server>{"caller_url_hosts", "list of hosts", "[]", decode_caller_url_hosts},
    Key<Server>{"reload", "mapping", "{}",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_section<ReloadRules>(decoder, node, kReloadKeys, server.reload);
                },
                Use::kOptional,
                [](const std::string& path, KnownKeys& out) {
                  list_section<ReloadRules>(path, kReloadKeys, out);
                }},
    Key<Server>{"trusted_proxies", "list of addresses", "[]", decode_trusted_proxies},
    Key<Server>{"proxy_protocol", "boolean or optional", "false", decode_proxy_protocol},
    Key<Server>{"socket_mode", "text", "0660", decode_socket_mode},
    Key<Server>{"drain", "mapping", "{}",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_section<Drain>(decoder, node, kDrainKeys, server.drain);
                },
                Use::kOptional,
                [](const std::string& path, KnownKeys& out) {
                  list_section<Drain>(path, kDrainKeys, out);
                }},
    Key<Server>{"ready_requires", "list of providers", "[]", decode_ready_requires},
    Key<Server>{"auth", "mapping", "{}", decode_auth, Use::kOptional,
                [](const std::string& path, KnownKeys& out) {
                  list_section<Server>(path, kAuthKeys, out);
                }},
    Key<Server>{"quota", "mapping", "none", decode_quota, Use::kOptional, list_quota_keys},
    Key<Server>{"cors", "boolean or mapping", "false",
                [](Decoder& decoder, const Node& node, Server& server) {
                  decode_cors(decoder, node, server.cors);
                },
                Use::kOptional, list_cors_keys},
    ignored<Server>("workers"),
    ignored<Server>("tenancy"),
    ignored<Server>("insecure"),
};

void check_tls_files(Decoder& decoder, const Node& section) {
  const Node* certificate = decoder.given(section, "tls_certfile");
  const Node* key = decoder.given(section, "tls_keyfile");
  const Node* authority = decoder.given(section, "tls_cafile");
  if (certificate != nullptr && key == nullptr) {
    decoder.error_at_key(*certificate, "a certificate needs its key in server.tls_keyfile");
  }
  if (key != nullptr && certificate == nullptr) {
    decoder.error_at_key(*key, "a key needs its certificate in server.tls_certfile");
  }
  if (authority != nullptr && certificate == nullptr && key == nullptr) {
    decoder.error_at_key(*authority,
                         "client certificates require the server's own certificate in "
                         "server.tls_certfile and server.tls_keyfile");
  }
}

}  // namespace

void decode_server(Decoder& decoder, const Node& node, Server& server) {
  decode_section<Server>(decoder, node, kServerKeys, server);
  check_tls_files(decoder, node);
  check_trust(decoder, node, server);
}

void list_server_keys(const std::string& path, KnownKeys& out) {
  list_section<Server>(path, kServerKeys, out);
}

}  // namespace penstock::config
