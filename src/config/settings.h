#pragma once

// The whole configuration, as plain values.
//
// Decoded once (config/load.h), complete with defaults, and never changed afterwards: the threads
// share one `const Settings`. docs/configuration.md has the meaning, type and default of every key;
// a test compares it with the decoder.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/cors.h"
#include "config/endpoint.h"
#include "config/file_reference.h"
#include "config/owners.h"
#include "config/prices.h"
#include "config/proxies.h"
#include "config/routing.h"
#include "config/store_settings.h"
#include "core/address_range.h"
#include "core/json_reader.h"
#include "core/secret.h"

namespace penstock::config {

using std::chrono::milliseconds;

// providers.inference[].config.network.tls
struct UpstreamTls {
  enum class MinVersion : std::uint8_t { kTls12, kTls13 };

  bool verify = true;
  std::string ca_file;  // empty: the system's certificates
  MinVersion min_version = MinVersion::kTls12;
  std::string ciphers;  // OpenSSL's list form; empty: OpenSSL's default
  std::string client_cert;
  std::string client_key;
};

// providers.inference[].config.network.limits
struct ConnectionLimits {
  std::optional<std::size_t> max_connections;            // of all threads; nullopt: no limit
  std::optional<std::size_t> max_keepalive_connections;  // idle ones of each thread
  std::optional<milliseconds> keepalive_expiry;          // nullopt: server.timeouts.upstream_idle
  std::size_t max_waiting = 1000;                        // requests that wait for a connection
};

// One entry of providers.inference[]. Its type only chooses the defaults (config/presets.h).
struct Provider {
  struct Header {
    std::string name;
    Secret value;  // any header may carry a key
  };
  // forward_headers: the key of the provider data, and the upstream's header that it fills.
  struct ForwardedHeader {
    std::string key;
    std::string header;
  };

  // config.query: sent with every request, percent-encoded. Some services take their key here.
  struct QueryParameter {
    std::string name;
    Secret value;
  };

  std::string id;
  std::string type = "remote::passthrough";
  std::string shown_config = "{}";  // `config` as written, secrets masked: a JSON object
  std::optional<Url> base_url;      // its path as base_path says; nullopt: callers name their own
  BasePath base_path = BasePath::kEndsInV1;
  KeyForm auth = KeyForm::kBearer;
  std::optional<Url> messages_url;  // of Anthropic's API, with its /v1; nullopt: base_url
  KeyForm messages_auth = KeyForm::kBearer;
  ModelListing listing;
  std::vector<QueryParameter> query;
  Secret api_key;  // empty: the caller's
  KeyOrder key_order = KeyOrder::kOperatorFirst;
  // Keys of the provider data that hold a caller's key, beside `{id}_api_key`.
  std::vector<std::string> caller_keys = {"passthrough_api_key"};
  bool needs_key = false;                                  // a call without one is refused
  std::optional<std::vector<std::string>> allowed_models;  // nullopt: all; upstream ids
  bool refresh_models = false;
  std::vector<std::string> unprefixed_models;  // patterns of upstream ids, with `*`
  bool any_path = false;                       // whether /p/{id}/… may lead anywhere
  std::vector<ForwardedHeader> forward_headers;
  // Of a client's own header, beside and without those that pass by default; lower case.
  std::vector<std::string> forwarded_client_headers;
  std::vector<std::string> withheld_client_headers;
  std::vector<std::string> extra_blocked_headers;  // lower case
  UpstreamTls tls;
  Proxies proxies;                     // network.proxy, or the environment's
  RouteTimeouts timeouts;              // network.timeout
  std::vector<Header> headers;         // network.headers, sent with every request
  ConnectionLimits connection_limits;  // network.limits
  bool retry_stale_connection = true;  // network.retry_stale_connection

  // Without a key for the upstream until a caller brings one: it is not asked for its models.
  bool is_asleep() const { return needs_key && api_key.empty(); }

  // Whether the upstream can be asked for its models without a caller.
  bool can_be_asked() const {
    return base_url && listing.shape != ModelListing::Shape::kNone && !is_asleep();
  }

  // Whether the model with that upstream id may be registered and requested.
  bool allows(std::string_view upstream_model) const {
    return !allowed_models ||
           std::ranges::find(*allowed_models, upstream_model) != allowed_models->end();
  }
};

// registered_resources.models[]
struct Model {
  std::string id;
  std::string provider_id;        // "all": an alias without prefix, on the first provider
  std::string provider_model_id;  // empty: the same as `id`
  std::string type = "llm";       // llm, embedding or rerank
  std::string metadata = "{}";    // a JSON object
  bool type_is_stated = false;    // also if it is llm
  bool follows_list = false;      // provider_model_id: auto; the first that the provider lists
  bool unprefixed_alias = false;  // metadata._unprefixed_alias

  std::string_view upstream_id() const {
    return provider_model_id.empty() ? std::string_view(id) : provider_model_id;
  }
};

struct Limits {
  std::size_t header_bytes = 32 * 1024;
  std::size_t header_fields = 100;
  std::size_t body_bytes = 64 * 1024 * 1024;
  std::size_t body_keys = 1024;                      // of a request's body, at its top level
  std::size_t body_depth = 64;                       // of its arrays and objects
  std::size_t model_bytes = 1024;                    // the name of a model in a request
  std::size_t all_bodies_bytes = 512 * 1024 * 1024;  // of all clients, all threads together
  std::size_t body_bytes_per_second = 1024;          // on average, after client_body; 0: no limit
  std::size_t discarded_bytes = 128 * 1024 * 1024;   // of a client after its last answer
  std::size_t event_bytes = 1024 * 1024;             // one event of a stream
  std::size_t json_depth = 64;                       // of JSON that is read into a tree
  std::size_t json_values = 10'000;                  // values and keys of one such text
  std::size_t registration_bytes = 1024 * 1024;      // the body of POST /v1/models
  std::size_t registered_models = 10'000;            // by clients, at run time
  std::size_t registered_bytes = 16 * 1024 * 1024;   // of all of those
  std::size_t model_id_bytes = 512;                  // of registered and listed models
  std::size_t metadata_bytes = 16 * 1024;            // likewise
  std::size_t model_list_bytes = 16 * 1024 * 1024;   // an upstream's list, all pages together
  std::size_t model_list_entries = 20'000;           // likewise
  std::size_t model_list_entry_bytes = 64 * 1024;
  std::size_t model_list_pages = 100;
  std::size_t answer_buffer_bytes = 256 * 1024;  // a whole answer up to this has a Content-Length
  std::size_t connections = 10000;               // clients at once, all threads together
  std::size_t reserved_connections = 8;          // of each thread, beyond them, for operations
  std::size_t caller_lookups = 32;               // waiting look-ups of hosts that callers name
  std::size_t connections_per_upstream = 0;      // idle ones kept by each thread; 0: no limit

  JsonBounds json() const { return {.depth = json_depth, .values = json_values}; }
};

struct Timeouts {
  milliseconds connect{5'000};
  milliseconds first_byte{600'000};
  milliseconds first_token{0};    // until the first content of the answer; zero: none
  milliseconds first_event{100};  // for which a stream's head is held; zero: not at all
  milliseconds between_bytes{300'000};
  milliseconds between_events{300'000};  // zero: none
  milliseconds model_list{10'000};       // listing an upstream's models, all pages
  milliseconds request{0};               // the whole request; 0: none
  milliseconds client_header{10'000};
  milliseconds client_body{30'000};
  milliseconds client_write{60'000};
  milliseconds refused_idle{5'000};         // the same, after the client's key was refused
  milliseconds linger{5'000};               // a client's silence after its last answer
  milliseconds discard{30'000};             // all that a client sends after its last answer
  milliseconds idle{75'000};                // a client's connection between requests
  milliseconds upstream_idle{4'000};        // an upstream's; below uvicorn's 5 s
  milliseconds upstream_lifetime{300'000};  // of an upstream's connection; 0: no limit
  milliseconds drain{600'000};
};

enum class SseDone : std::uint8_t { kPass, kStrip };

// How a line of the access log is written.
enum class AccessLogFormat : std::uint8_t {
  kAuto,  // text on a terminal, else JSON
  kJson,
  kText,
};

// The lowest level of the server's own log that is written.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Where a caller's passthrough_url may lead even if the address is not public.
struct CallerUrlHost {
  enum class Ports : std::uint8_t { kOfScheme, kOne, kAny };  // `host`, `host:port`, `host:*`

  std::string host;  // as of Url
  Ports ports = Ports::kOfScheme;
  std::uint16_t port = 0;  // of kOne

  bool allows(const Url& url) const;
  std::string text() const;

  bool operator==(const CallerUrlHost&) const = default;
};

// Whether the server takes a new configuration by itself when its files change.
struct ReloadRules {
  bool watch = false;
  milliseconds debounce{500};  // since the last change of a file
};

// How the server leaves.
struct Drain {
  milliseconds delay{0};  // for which it still takes work, and says that it is not ready
};

// Whose word about the address of a client is taken.
struct TrustedProxies {
  std::vector<AddressRange> ranges;
  bool unix_sockets = false;  // whoever can reach the server's socket

  bool empty() const { return ranges.empty() && !unix_sockets; }
};

// Whether connections of trusted proxies begin with a header of the PROXY protocol.
enum class ProxyProtocol : std::uint8_t { kOff, kOptional, kRequired };

struct Server {
  std::string host = "127.0.0.1";  // or a unix socket: unix:/run/penstock/penstock.sock
  std::uint16_t port = 8321;
  std::size_t threads = 0;  // 0: as many as cores that this process may use
  std::string tls_certfile;
  std::string tls_keyfile;
  std::string tls_cafile;   // clients must then present a certificate of this authority
  std::string tls_ciphers;  // tls_config.ciphers, in OpenSSL's list form; empty: its default
  std::chrono::seconds hsts_max_age{31'536'000};  // over TLS; 0: the field is not sent
  std::chrono::seconds registry_refresh_interval{300};
  std::vector<ApiKey> api_keys;  // those of `keys`, too
  Limits limits;
  Timeouts timeouts;
  SseDone sse_done = SseDone::kPass;
  std::string access_log = "stdout";  // stdout, stderr, off, or a file's path
  AccessLogFormat access_log_format = AccessLogFormat::kAuto;
  LogLevel log_level = LogLevel::kInfo;
  bool core_dumps = false;  // whether a crash may write the memory, including keys, to disk
  std::vector<CallerUrlHost> caller_url_hosts;
  ReloadRules reload;
  std::uint32_t socket_mode = 0660;  // of the file, if the host is a unix socket
  TrustedProxies trusted_proxies;
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;
  std::optional<Cors> cors;  // nullopt: pages in browsers are not told that they may
  Drain drain;
  std::optional<Quota> quota;               // nullopt: none
  std::vector<std::string> ready_requires;  // ids of providers that must answer
};

// A listener for operators, with a thread of its own.
struct Admin {
  std::string host = "127.0.0.1";  // as of Server
  std::uint16_t port = 8322;
  bool tls = false;        // with the server's certificate
  bool only_here = false;  // whether what is for operators is not served to clients
};

// A certificate, a key or a list of authorities that the configuration names.
struct NamedFile {
  std::string path;
  Secret digest;  // of its content when the configuration was read
};

struct Settings {
  Server server;
  std::optional<Admin> admin;  // nullopt: operators use the server's listener
  std::vector<Provider> providers;
  std::vector<Model> models;
  Routing routing;
  Owners owners;
  Prices prices;
  std::optional<StoreSettings> store;  // nullopt: nothing is kept
  LimitRules limit_rules;
  std::vector<FileText> files;  // what it refers to as ${file:…} and was read, each once
  std::vector<NamedFile> named_files;
};

}  // namespace penstock::config
