#pragma once

// Passthrough: one provider of type remote::passthrough, as one thread sees it.
//
// It knows the upstream's address, and the credentials and headers of a call, and owns the thread's
// connections to it. Request bodies pass through it unchanged; it writes the head before the body.
//
// Credentials, the first that exists: the operator's static key, the caller's
// `passthrough_api_key`, an Authorization that forward_headers fills from the caller's data. The
// Authorization of the client's own request identifies a principal of the gateway and is never
// forwarded.
//
// Without a base_url, each caller names its own by `passthrough_url`. Such a call carries nothing
// of the operator's, neither key nor headers, and connects only to public addresses, unless the
// operator lists host and port (server.caller_url_hosts).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "http/head.h"
#include "http/upstream_pool.h"
#include "net/connector.h"
#include "net/tls_context.h"
#include "providers/provider_data.h"
#include "telemetry/log.h"

namespace penstock::providers {

class Passthrough {
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

  // The destination of a call.
  class Route {
   public:
    http::UpstreamPool& pool() const { return own_ != nullptr ? *own_ : *shared_; }

   private:
    friend class Passthrough;
    http::UpstreamPool* shared_ = nullptr;
    std::unique_ptr<http::UpstreamPool> own_;  // of a URL that the caller chose
    config::Url url_;                          // likewise
  };
  // `data` is null if the caller sent none. Errors: kInvalidRequest if the caller must name a URL
  // and has not, or named an unusable one.
  Result<Route> route(const ProviderData* data) const;

  // Appends the request line, Host, and the fields that configuration and caller data define. The
  // caller of this function adds further fields and the end of the head. `path` is below the base
  // URL: "/chat/completions". `callers_query` is the client's query, without its question mark; it
  // follows the operator's, without the parameters that the operator has set.
  void append_request_head(std::string& out, std::string_view method, std::string_view path,
                           const Route& route, const ProviderData* data,
                           std::string_view callers_query = {}) const;

  // Whether append_request_head() writes that field: then its caller must not.
  bool writes(std::string_view name, const ProviderData* data) const;
  // Whether calls carry an operator's credential: the upstream's errors about credentials then do
  // not concern the caller's.
  bool shows_credential() const;
  // The target of that request, as in its first line if the caller has no query.
  std::string target_of(std::string_view path, const Route& route) const;
  // The same head for a redirect's target.
  void append_redirected_head(std::string& out, std::string_view method, std::string_view target,
                              const Route& route, const ProviderData* data) const;
  // The address of the last redirect that was not followed, in the form for logs; empty: none.
  const std::string& last_redirect() const { return last_redirect_; }
  // Where the redirect `head`, the answer to `asked`, leads. A redirect that is not followed is
  // logged with its address. Fails with kUpstreamRedirect.
  Result<std::string> follow(const http::ResponseHead& head, const Route& route,
                             std::string_view asked);

  std::chrono::milliseconds connect_timeout() const { return connect_timeout_; }
  std::chrono::milliseconds first_byte_timeout() const { return first_byte_timeout_; }
  std::chrono::milliseconds between_bytes_timeout() const { return between_bytes_timeout_; }

  http::UpstreamPool* pool() { return pool_.get(); }  // null without base_url

 private:
  std::string joined_query(std::string_view callers_query) const;
  http::PoolLimits pool_limits() const;
  net::Destination destination_of(const config::Url& url, net::AddressRule rule,
                                  net::Asker named_by) const;
  bool may_be_private(const config::Url& url) const;
  bool operator_sets(std::string_view name) const;
  bool caller_sets(std::string_view name, const ProviderData& data) const;
  const config::Url& url_of(const Route& route) const {
    return settings_.base_url ? *settings_.base_url : route.url_;
  }
  void append_fields(std::string& out, const Route& route, const ProviderData* data) const;
  void append_callers_fields(std::string& out, const ProviderData& data) const;

  const config::Provider& settings_;
  const config::Server& server_;
  Environment environment_;
  std::chrono::milliseconds connect_timeout_;
  std::chrono::milliseconds first_byte_timeout_;
  std::chrono::milliseconds between_bytes_timeout_;
  std::unique_ptr<http::UpstreamPool> pool_;
  // For every call, ready to send: Host and the operator's fields, if there is a base_url, and what
  // follows the caller's fields.
  std::string query_;  // with its question mark; empty if there is none
  std::string opening_fields_;
  std::string closing_fields_;
  std::string last_redirect_;
};

}  // namespace penstock::providers
