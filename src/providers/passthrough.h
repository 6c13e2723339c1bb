#pragma once

// Passthrough: one provider of type remote::passthrough, as one thread sees it.
//
// It knows where the upstream is, which credentials and headers a call carries, and it owns the
// thread's connections to it. What a request says passes through it untouched; it writes the head
// that goes before the body.
//
// Credentials, the first that there is: the operator's static key, the caller's
// `passthrough_api_key`, an Authorization that forward_headers fills from the caller's data. The
// Authorization of the client's own request names a principal of the gateway and never leaves it.
//
// Where no base_url is configured, each caller names its own by `passthrough_url`. Such a call
// carries nothing of the operator's, neither key nor headers, and connects to public addresses
// only, unless the operator lists host and port (server.caller_url_hosts).

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
  // What the connections need; everything outlives the provider.
  struct Environment {
    net::EventLoop& loop;
    net::Connector& connector;
    http::ScratchPool& scratch;
    const net::TlsContext* tls;            // of this provider's settings
    telemetry::Log* log = nullptr;         // where one is kept
    http::UpstreamLimit* limit = nullptr;  // of this provider's settings, for all threads
  };

  Passthrough(const config::Provider& settings, const config::Server& server,
              Environment environment);

  const config::Provider& settings() const { return settings_; }
  std::string_view id() const { return settings_.id; }

  // Where a call goes.
  class Route {
   public:
    http::UpstreamPool& pool() const { return own_ != nullptr ? *own_ : *shared_; }

   private:
    friend class Passthrough;
    http::UpstreamPool* shared_ = nullptr;
    std::unique_ptr<http::UpstreamPool> own_;  // of a URL that the caller chose
    config::Url url_;                          // likewise
  };
  // `data` is null where the caller sent none. Errors: kInvalidRequest, where the caller must name
  // a URL and has not, or names one that cannot be used.
  Result<Route> route(const ProviderData* data) const;

  // Appends the request line, Host, and the fields that configuration and caller data give. The
  // caller of this function adds fields of its own and the end of the head. `path` is below the
  // base URL: "/chat/completions". `callers_query` is the client's own, without its question mark;
  // it follows the operator's, without the parameters that the operator has set.
  void append_request_head(std::string& out, std::string_view method, std::string_view path,
                           const Route& route, const ProviderData* data,
                           std::string_view callers_query = {}) const;

  // Whether append_request_head() writes that field: then its caller does not.
  bool writes(std::string_view name, const ProviderData* data) const;
  // Whether calls show a credential of the operator's: what the upstream says of it is not about
  // the caller's.
  bool shows_credential() const;
  // The target of that request, as its first line has it where the caller has no query.
  std::string target_of(std::string_view path, const Route& route) const;
  // The same head for a target that a redirect names.
  void append_redirected_head(std::string& out, std::string_view method, std::string_view target,
                              const Route& route, const ProviderData* data) const;
  // The address of the last redirect that was not followed, as a log may show it; empty: none.
  const std::string& last_redirect() const { return last_redirect_; }
  // Where the redirect `head` leads that was the answer to `asked`. A redirect that is not followed
  // is told to the log, with its address. Fails with kUpstreamRedirect.
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
  // Of every call, ready to send: Host and what the operator has set, where there is a base_url,
  // and what comes after the caller's fields.
  std::string query_;  // with its question mark; empty where there is none
  std::string opening_fields_;
  std::string closing_fields_;
  std::string last_redirect_;
};

}  // namespace penstock::providers
