#include "access/permissions.h"

#include <algorithm>
#include <string>

#include "config/model_name.h"

namespace penstock::access {
namespace {

// An empty list restricts nothing.
bool fits_one(std::string_view text, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(
      patterns, [text](const std::string& pattern) { return config::fits_pattern(text, pattern); });
}

}  // namespace

void Permissions::add(const config::Terms& terms) {
  Rules rules{.addresses = terms.addresses,
              .paths = terms.routes,
              .models = terms.models,
              .denied_models = terms.denied_models,
              .providers = terms.providers};
  const bool restricts = !rules.addresses.empty() || !rules.paths.empty() ||
                         !rules.models.empty() || !rules.denied_models.empty() ||
                         !rules.providers.empty();
  if (restricts) owners_.push_back(std::move(rules));
}

bool Permissions::permits_address(const std::optional<IpAddress>& address) const {
  return std::ranges::all_of(owners_, [&](const Rules& rules) {
    if (rules.addresses.empty()) return true;
    return address && std::ranges::any_of(rules.addresses, [&](const AddressRange& range) {
             return range.contains(*address);
           });
  });
}

bool Permissions::permits_path(std::string_view path) const {
  return std::ranges::all_of(owners_, [&](const Rules& rules) {
    return rules.paths.empty() || fits_one(path, rules.paths);
  });
}

bool Permissions::permits_model(std::string_view name, std::string_view other_name) const {
  const auto fits = [&](const std::vector<std::string>& patterns) {
    return fits_one(name, patterns) || (!other_name.empty() && fits_one(other_name, patterns));
  };
  return std::ranges::all_of(owners_, [&](const Rules& rules) {
    return !fits(rules.denied_models) && (rules.models.empty() || fits(rules.models));
  });
}

bool Permissions::permits_provider(std::string_view id) const {
  return std::ranges::all_of(owners_, [&](const Rules& rules) {
    return rules.providers.empty() ||
           std::ranges::find(rules.providers, id) != rules.providers.end();
  });
}

bool Permissions::restrict_providers() const {
  return std::ranges::any_of(owners_, [](const Rules& rules) { return !rules.providers.empty(); });
}

}  // namespace penstock::access
