#pragma once

// ConfiguredUpstream: a provider whose URLs are the operator's.

#include <memory>
#include <string>

#include "providers/endpoint.h"
#include "providers/head_writer.h"
#include "providers/keys.h"
#include "providers/provider.h"

namespace penstock::providers {

class ConfiguredUpstream final : public Provider {
 public:
  // The settings have a base_url.
  ConfiguredUpstream(const config::Provider& settings, const config::Server& server,
                     Environment environment);

  Result<Call> call(const ProviderData* data, config::Surface surface) const override;
  Result<Call> list_call(const ProviderData* data) const override;
  bool can_list() const override;
  void write_head(const UpstreamRequest& request, const Call& call, std::string& target,
                  http::FieldBlock& fields) const override {
    heads_.write(request, call, target, fields);
  }
  void write_own_head(std::string_view path, const Call& call, const ProviderData* data,
                      std::string& target, http::FieldBlock& fields) const override {
    heads_.write_own(path, call, data, target, fields);
  }
  std::string_view list_path() const override {
    return settings().listing.url ? std::string_view() : std::string_view("/v1/models");
  }
  // A redirect that is not followed is logged with its address: the operator can correct the URL.
  Result<std::string> follow(const http::ResponseHead& head, const Call& call,
                             std::string_view asked) override;
  std::string_view last_redirect() const override { return last_redirect_; }

 private:
  Endpoint endpoint_of(const config::Url& url, config::Surface surface);
  Endpoint listing_endpoint();
  http::PoolLimits pool_limits() const;
  Result<Call> call_to(const Endpoint& endpoint, const ProviderData* data) const;

  const Keys keys_;
  const HeadWriter heads_;
  const bool has_credential_;  // of the operator's
  const Endpoint openai_;
  const Endpoint anthropic_;
  const Endpoint listing_;
  std::string last_redirect_;
};

}  // namespace penstock::providers
