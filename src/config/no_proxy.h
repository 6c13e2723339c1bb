#pragma once

// An entry of `no_proxy`: upstreams that are reached without a proxy.
//
// Programs disagree about the details; these are curl's, with CIDR ranges. `*` is every host. A
// name, with or without a leading dot or `*.`, is that host and all below it. An address or a range
// (10.0.0.0/8, fd00::/8) is compared with a URL's host if that is an address; no name is looked up.
// Any of them may have a port; an IPv6 address with a port is in brackets.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.h"
#include "core/address_range.h"
#include "core/result.h"

namespace penstock::config {

class NoProxy {
 public:
  // Fails with kInvalidRequest.
  static Result<NoProxy> parse(std::string_view text);

  bool covers(const Url& url) const;
  // As it is parsed.
  std::string text() const;

  bool operator==(const NoProxy&) const = default;

 private:
  bool covers_host(std::string_view host) const;

  std::string name_;  // lower case, without a leading dot; "*": every host
  std::optional<AddressRange> range_;
  std::optional<std::uint16_t> port_;
};

// The entries of a list that is separated by commas or spaces, as in the environment.
std::vector<std::string_view> no_proxy_entries(std::string_view list);

}  // namespace penstock::config
