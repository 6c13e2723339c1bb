#include "config/decode_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/decode_proxy.h"
#include "config/decode_timeouts.h"
#include "config/forward_headers.h"
#include "config/scalar.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr Range<milliseconds> kExpiryRange = {milliseconds(1), std::chrono::hours(24 * 7)};

void decode_min_version(Decoder& decoder, const Node& node, UpstreamTls& tls) {
  constexpr std::array<std::string_view, 2> kChoices = {"TLSv1.2", "TLSv1.3"};
  store(decoder.choice(node, kChoices), tls.min_version);
}

constexpr std::array kTlsKeys = {
    Key<UpstreamTls>{"verify", "boolean or file", "true", decode_verify},
    Key<UpstreamTls>{"min_version", "TLSv1.2 or TLSv1.3", "TLSv1.2", decode_min_version},
    Key<UpstreamTls>{"ciphers", "list of text", "none",
                     [](Decoder& decoder, const Node& node, UpstreamTls& tls) {
                       decode_ciphers(decoder, node, tls.ciphers);
                     }},
    Key<UpstreamTls>{"client_cert", "file", "none",
                     [](Decoder& decoder, const Node& node, UpstreamTls& tls) {
                       store(decoder.readable_file(node), tls.client_cert);
                     }},
    Key<UpstreamTls>{"client_key", "file", "none",
                     [](Decoder& decoder, const Node& node, UpstreamTls& tls) {
                       store(decoder.readable_file(node), tls.client_key);
                     }},
};

void decode_tls(Decoder& decoder, const Node& node, Provider& provider) {
  decode_section<UpstreamTls>(decoder, node, kTlsKeys, provider.tls);
  const Node* certificate = decoder.given(node, "client_cert");
  const Node* key = decoder.given(node, "client_key");
  if (certificate != nullptr && key == nullptr) {
    decoder.error_at_key(*certificate, "a certificate needs its key in client_key");
  }
  if (key != nullptr && certificate == nullptr) {
    decoder.error_at_key(*key, "a key needs its certificate in client_cert");
  }
}

bool is_field_value(std::string_view value) {
  return trim(value) == value && std::none_of(value.begin(), value.end(), [](char c) {
           return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
         });
}

void decode_header(Decoder& decoder, const Node& entry, Provider& provider) {
  const auto value = decoder.resolved(entry);
  if (!value || value->kind == Node::Kind::kNull) return;
  const auto text = decoder.text(*value);
  const bool repeated =
      std::any_of(provider.headers.begin(), provider.headers.end(),
                  [&](const auto& other) { return equals_ignoring_case(other.name, entry.key); });
  if (!is_header_name(entry.key)) {
    decoder.error_at_key(entry, "this is not a valid header name");
  } else if (is_managed_header(entry.key)) {
    decoder.error_at_key(entry, "the server sets this header itself");
  } else if (repeated) {
    decoder.error_at_key(entry, "this header is given twice; case does not matter");
  } else if (text && !is_field_value(*text)) {
    decoder.error(*value,
                  "a header value must not contain control characters, or begin or end with a "
                  "space");
  } else if (text) {
    provider.headers.push_back({entry.key, Secret(*text)});
  }
}

void decode_headers(Decoder& decoder, const Node& node, Provider& provider) {
  if (!decoder.expect_map(node)) return;
  for (const Node& entry : node.children) decode_header(decoder, entry, provider);
}

constexpr std::array kConnectionLimitsKeys = {
    Key<ConnectionLimits>{"max_connections", "integer", "none",
                          [](Decoder& decoder, const Node& node, ConnectionLimits& limits) {
                            store(decoder.integer(node, {1, 1'000'000}), limits.max_connections);
                          }},
    Key<ConnectionLimits>{"max_keepalive_connections", "integer", "none",
                          [](Decoder& decoder, const Node& node, ConnectionLimits& limits) {
                            store(decoder.integer(node, {0, 1'000'000}),
                                  limits.max_keepalive_connections);
                          }},
    Key<ConnectionLimits>{"keepalive_expiry", "duration", "none",
                          [](Decoder& decoder, const Node& node, ConnectionLimits& limits) {
                            store(decoder.duration(node, kExpiryRange), limits.keepalive_expiry);
                          }},
    Key<ConnectionLimits>{"max_waiting", "integer", "1000",
                          [](Decoder& decoder, const Node& node, ConnectionLimits& limits) {
                            store(decoder.integer(node, {0, 1'000'000}), limits.max_waiting);
                          }},
};

constexpr std::array kNetworkKeys = {
    Key<Provider>{"tls", "mapping", "{}", decode_tls, Use::kOptional,
                  [](const std::string& path, KnownKeys& out) {
                    list_section<UpstreamTls>(path, kTlsKeys, out);
                  }},
    Key<Provider>{"timeout", "duration or mapping", "none",
                  [](Decoder& decoder, const Node& node, Provider& provider) {
                    decode_provider_timeouts(decoder, node, provider.timeouts);
                  },
                  Use::kOptional, list_provider_timeouts_keys},
    Key<Provider>{"headers", "mapping of text", "{}", decode_headers},
    Key<Provider>{"retry_stale_connection", "boolean", "true",
                  [](Decoder& decoder, const Node& node, Provider& provider) {
                    store(decoder.boolean(node), provider.retry_stale_connection);
                  }},
    Key<Provider>{"proxy", "false, URL or mapping", "none", decode_proxy, Use::kOptional,
                  list_proxy_keys},
    Key<Provider>{"limits", "mapping", "{}",
                  [](Decoder& decoder, const Node& node, Provider& provider) {
                    decode_section<ConnectionLimits>(decoder, node, kConnectionLimitsKeys,
                                                     provider.connection_limits);
                  },
                  Use::kOptional,
                  [](const std::string& path, KnownKeys& out) {
                    list_section<ConnectionLimits>(path, kConnectionLimitsKeys, out);
                  }},
};

}  // namespace

void decode_verify(Decoder& decoder, const Node& node, UpstreamTls& tls) {
  if (node.kind == Node::Kind::kScalar) {
    if (const auto verify = parse_boolean(node.text)) {
      tls.verify = *verify;
      return;
    }
  }
  store(decoder.readable_file(node), tls.ca_file);
}

// The reference's list of names; OpenSSL's own form is one string with colons.
void decode_ciphers(Decoder& decoder, const Node& node, std::string& ciphers) {
  if (node.kind == Node::Kind::kScalar) {
    ciphers = node.text;
    return;
  }
  const auto items = decoder.given_items(node);
  if (!items) return;
  std::vector<std::string> names;
  for (const Node& item : *items) {
    if (auto name = decoder.text(item)) names.push_back(std::move(*name));
  }
  ciphers = fmt::format("{}", fmt::join(names, ":"));
}

void decode_network(Decoder& decoder, const Node& node, Provider& provider) {
  decode_section<Provider>(decoder, node, kNetworkKeys, provider);
}

void list_network_keys(const std::string& path, KnownKeys& out) {
  list_section<Provider>(path, kNetworkKeys, out);
}

}  // namespace penstock::config
