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

bool any_fits(Permissions::Names names, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return !name.empty() && fits_one(name, patterns); });
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

bool Permissions::denies_model(Names names) const {
  return std::ranges::any_of(
      owners_, [&](const Rules& rules) { return any_fits(names, rules.denied_models); });
}

bool Permissions::permits_model(Names names) const {
  const bool is_listed = std::ranges::all_of(owners_, [&](const Rules& rules) {
    return rules.models.empty() || any_fits(names, rules.models);
  });
  return is_listed && !denies_model(names);
}

bool Permissions::permits_provider(std::string_view id) const {
  return std::ranges::all_of(owners_, [&](const Rules& rules) {
    return rules.providers.empty() ||
           std::ranges::find(rules.providers, id) != rules.providers.end();
  });
}

}  // namespace penstock::access
