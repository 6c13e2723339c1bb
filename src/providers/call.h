#pragma once

// Call: the destination of a call to an upstream, and whose key it carries.
//
// It refers to the provider and to the provider data that it was made for.

#include <cstdint>
#include <memory>
#include <utility>

#include "core/secret.h"
#include "providers/endpoint.h"

namespace penstock::providers {

// Whose key a call carries.
struct ChosenKey {
  enum class Owner : std::uint8_t { kNobody, kOperator, kCaller, kForwardedField };

  Owner owner = Owner::kNobody;
  const Secret* callers = nullptr;  // of kCaller

  bool is_callers() const { return owner == Owner::kCaller || owner == Owner::kForwardedField; }
};

class Call {
 public:
  // An endpoint of one call, with connections that serve no other.
  struct OwnEndpoint {
    Endpoint endpoint;
    std::unique_ptr<http::UpstreamPool> pool;
  };

  Call(const Endpoint& endpoint, ChosenKey key, bool shows_operators_credential)
      : endpoint_(&endpoint), key_(key), shows_operators_credential_(shows_operators_credential) {}
  Call(std::unique_ptr<const OwnEndpoint> own, ChosenKey key)
      : own_(std::move(own)), endpoint_(&own_->endpoint), key_(key) {}

  const Endpoint& endpoint() const { return *endpoint_; }
  http::UpstreamPool& pool() const { return *endpoint_->pool; }
  const ChosenKey& key() const { return key_; }
  // Whether the call carries a credential of the operator's: the upstream's errors about
  // credentials then do not concern the caller's.
  bool shows_operators_credential() const { return shows_operators_credential_; }

 private:
  std::unique_ptr<const OwnEndpoint> own_;
  const Endpoint* endpoint_;
  ChosenKey key_;
  bool shows_operators_credential_ = false;
};

}  // namespace penstock::providers
