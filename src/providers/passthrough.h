#pragma once

// Passthrough: one provider, as one thread sees it.
//
// It knows the upstream's addresses, and the credentials and headers of a call, and owns the
// thread's connections to it. Request bodies pass by it unchanged; it gives their target and
// fields.
//
// Whose key a call carries, the first that exists. For remote::passthrough: the operator's static
// key, the caller's (`{provider_id}_api_key` or `passthrough_api_key` in the provider data), an
// Authorization that forward_headers fills from the caller's data. For other types, as in the
// reference: the caller's key, a forwarded one, the operator's. The Authorization of the client's
// own request identifies a principal of the gateway and is never forwarded.
//
// Without a base_url, each caller names its own by `passthrough_url`. Such a call carries nothing
// of the operator's, neither key nor headers, and connects only to public addresses, unless the
// operator lists host and port (server.caller_url_hosts).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "http/field_block.h"
#include "http/head.h"
#include "http/upstream_pool.h"
#include "net/connector.h"
#include "net/tls_context.h"
#include "providers/client_fields.h"
#include "providers/provider_data.h"
#include "telemetry/log.h"

namespace penstock::providers {

// What is asked of an upstream, as far as the head of the request depends on it. A value: each
// attempt writes a head of its own from it, since each may go to another provider.
struct UpstreamRequest {
  std::string_view path;        // with its version, as clients of this server write it
  std::string_view query = {};  // the client's, without its question mark
  config::Surface surface = config::Surface::kOpenAi;
  const http::Fields* client_fields = nullptr;  // of the client's head; never null
  std::string_view request_id = {};
  bool has_body = false;
  const ProviderData* data = nullptr;  // null: the caller sent none
};

class Passthrough {
  // One of the operator's URLs, with what every call to it has, ready to send.
  struct Endpoint {
    config::Url url;
    http::UpstreamPool* pool = nullptr;
    config::KeyForm auth = config::KeyForm::kBearer;
    http::FieldBlock opening_fields;  // Host and the operator's fields, except the one of the key
    http::FieldBlock key_field;       // with the operator's key; empty: there is none
  };

 public:
  // What the connections need; all of it outlives the provider.
  struct Environment {
    net::EventLoop& loop;
    net::Connector& connector;
    http::ScratchPool& scratch;
    const net::TlsContext* tls;            // of this provider's settings
    telemetry::Log* log = nullptr;         // may be null
    http::UpstreamLimit* limit = nullptr;  // of this provider's settings, for all threads
  };

  Passthrough(const config::Provider& settings, const config::Server& server,
              Environment environment);

  const config::Provider& settings() const { return settings_; }
  std::string_view id() const { return settings_.id; }

  // The destination of a call, and whose key it carries. It refers to the provider data that it was
  // made for.
  class Route {
   public:
    http::UpstreamPool& pool() const { return own_ != nullptr ? *own_ : *endpoint_->pool; }
    // Whether the call carries a credential of the operator's: the upstream's errors about
    // credentials then do not concern the caller's.
    bool shows_operators_credential() const { return shows_operators_credential_; }

   private:
    friend class Passthrough;
    enum class KeyOf : std::uint8_t { kNobody, kOperator, kCaller, kForwardedField };

    const Endpoint* endpoint_ = nullptr;       // null: of a URL that the caller chose
    std::unique_ptr<http::UpstreamPool> own_;  // of that URL
    config::Url url_;                          // likewise
    KeyOf key_of_ = KeyOf::kNobody;
    const Secret* callers_key_ = nullptr;
    bool shows_operators_credential_ = false;
  };
  // `data` is null if the caller sent none. Errors: kInvalidRequest if the caller must name a URL
  // and has not, or named an unusable one, or must bring a key and has not.
  Result<Route> route(const ProviderData* data,
                      config::Surface surface = config::Surface::kOpenAi) const;
  // The same for listing the models, and the target of that request.
  Result<Route> list_route(const ProviderData* data) const;
  std::string list_target(const Route& route) const;
  // Whether the upstream can be asked for its models without a caller.
  bool can_list() const;

  // Writes target and fields of the request. The client's query follows the operator's, without the
  // parameters that the operator has set; of the client's fields, those pass that the operator and
  // providers/client_fields.h let pass.
  void write_head(const UpstreamRequest& request, const Route& route, std::string& target,
                  http::FieldBlock& fields) const;

  // Appends the target of a request. Below the base URL, whose path ends in /v1, are the paths of
  // the API's first version; other paths are beside it.
  void append_target(std::string& out, std::string_view path, const Route& route,
                     std::string_view callers_query = {}) const;
  // Adds Host and the fields that configuration and caller data define. The caller of this function
  // adds further ones, each only if the block has none of that name.
  void add_fields(http::FieldBlock& out, const Route& route, const ProviderData* data) const;

  // The address of the last redirect that was not followed, in the form for logs; empty: none.
  const std::string& last_redirect() const { return last_redirect_; }
  // Where the redirect `head`, the answer to `asked`, leads. A redirect that is not followed is
  // logged with its address. Fails with kUpstreamRedirect.
  Result<std::string> follow(const http::ResponseHead& head, const Route& route,
                             std::string_view asked);

  std::chrono::milliseconds connect_timeout() const { return connect_timeout_; }
  std::chrono::milliseconds first_byte_timeout() const { return first_byte_timeout_; }
  std::chrono::milliseconds between_bytes_timeout() const { return between_bytes_timeout_; }

  // The connections to the configured URLs, one pool for each origin; none without base_url.
  const std::vector<std::unique_ptr<http::UpstreamPool>>& pools() const { return pools_; }

 private:
  void add_endpoints();
  Endpoint endpoint_of(const config::Url& url, config::Surface surface);
  http::UpstreamPool* pool_of(const config::Url& url);
  Result<Route> route_to(const Endpoint& endpoint, const ProviderData* data) const;
  Result<Route> route_of_caller(const ProviderData* data) const;
  void choose_key(Route& route, config::KeyForm form, const ProviderData* data) const;
  std::string joined_query(std::string_view callers_query) const;
  http::PoolLimits pool_limits() const;
  net::Destination destination_of(const config::Url& url, net::AddressRule rule,
                                  net::Asker named_by) const;
  bool may_be_private(const config::Url& url) const;
  // Whether the configuration or the caller's data fill that field.
  bool sets(std::string_view name, const ProviderData* data) const;
  bool operator_sets(std::string_view name) const;
  bool caller_sets(std::string_view name, const ProviderData& data) const;
  static const config::Url& url_of(const Route& route) {
    return route.endpoint_ != nullptr ? route.endpoint_->url : route.url_;
  }
  config::KeyForm auth_of(const Route& route) const {
    return route.endpoint_ != nullptr ? route.endpoint_->auth : settings_.auth;
  }
  void add_forwarded(http::FieldBlock& out, const Route& route, const ProviderData& data) const;

  const config::Provider& settings_;
  const config::Server& server_;
  Environment environment_;
  std::chrono::milliseconds connect_timeout_;
  std::chrono::milliseconds first_byte_timeout_;
  std::chrono::milliseconds between_bytes_timeout_;
  bool has_credential_;                   // of the operator's
  std::vector<std::string> caller_keys_;  // of the provider data, in the order of precedence
  std::vector<std::unique_ptr<http::UpstreamPool>> pools_;
  // With a base_url only.
  std::optional<Endpoint> openai_;
  std::optional<Endpoint> anthropic_;
  std::optional<Endpoint> listing_;
  // For every call, ready to send.
  ClientFields client_fields_;
  std::string query_;                // with its question mark; empty if there is none
  http::FieldBlock closing_fields_;  // what follows the caller's fields
  std::string last_redirect_;
};

}  // namespace penstock::providers
