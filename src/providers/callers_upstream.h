#pragma once

// CallersUpstream: a provider without a URL of its own: each caller names one in its provider data
// (`passthrough_url`).
//
// Such a call carries nothing of the operator's, neither key nor headers nor query, and connects
// only to public addresses, unless the operator lists host and port (server.caller_url_hosts).

#include "providers/head_writer.h"
#include "providers/keys.h"
#include "providers/provider.h"

namespace penstock::providers {

class CallersUpstream final : public Provider {
 public:
  CallersUpstream(const config::Provider& settings, const config::Server& server,
                  Environment environment);

  Result<Call> call(const ProviderData* data, config::Surface surface) const override;
  Result<Call> list_call(const ProviderData* data) const override;
  bool can_list() const override { return false; }
  void write_head(const UpstreamRequest& request, const Call& call, std::string& target,
                  http::FieldBlock& fields) const override {
    heads_.write(request, call, target, fields);
  }
  void write_own_head(std::string_view path, const Call& call, const ProviderData* data,
                      std::string& target, http::FieldBlock& fields) const override {
    heads_.write_own(path, call, data, target, fields);
  }
  std::string_view list_path() const override { return "/v1/models"; }
  // One that is not followed is not logged: the operator cannot correct it.
  Result<std::string> follow(const http::ResponseHead& head, const Call& call,
                             std::string_view asked) override;
  std::string_view last_redirect() const override { return {}; }

 private:
  bool may_be_private(const config::Url& url) const;
  std::unique_ptr<const Call::OwnEndpoint> endpoint_of(const config::Url& url) const;

  const config::Provider callers_settings_;  // without what is the operator's
  const Keys keys_;
  const HeadWriter heads_;
};

}  // namespace penstock::providers
