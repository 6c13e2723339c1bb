#pragma once

// Permissions: which requests the terms of a key permit, and of the owners above it, whatever has
// been used. Each of them must permit a request. Immutable.
//
// Patterns are of names as clients use them; `*` stands for any text.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/terms.h"
#include "core/ip_address.h"

namespace penstock::access {

class Permissions {
 public:
  // Everything is permitted.
  Permissions() = default;

  // Nearly every key's: what follows need not be asked.
  bool permit_everything() const { return owners_.empty(); }

  // Those of a further owner hold, too.
  void add(const config::Terms& terms);

  // Nullopt: a unix socket's, which is in no range.
  bool permits_address(const std::optional<IpAddress>& address) const;
  // A path of the API, without the older prefix: `/v1/chat/completions`.
  bool permits_path(std::string_view path) const;
  // All names of one model; empty ones do not count. It is permitted if one of them is, and denied
  // if one of them is.
  using Names = std::initializer_list<std::string_view>;
  bool permits_model(Names names) const;
  bool denies_model(Names names) const;
  bool permits_provider(std::string_view id) const;

 private:
  struct Rules {
    std::vector<AddressRange> addresses;
    std::vector<std::string> paths;
    std::vector<std::string> models;
    std::vector<std::string> denied_models;
    std::vector<std::string> providers;
  };

  std::vector<Rules> owners_;  // that restrict anything
};

}  // namespace penstock::access
