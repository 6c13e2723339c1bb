#include "config/model_name.h"

#include <algorithm>

namespace penstock::config {

bool has_prefix(std::string_view name, std::string_view provider_id) {
  return name.size() > provider_id.size() + 1 && name.starts_with(provider_id) &&
         name[provider_id.size()] == '/';
}

std::string_view without_prefix(std::string_view name, std::string_view provider_id) {
  return name.substr(provider_id.size() + 1);
}

std::string listed_name(std::string_view provider_id, std::string_view upstream_id) {
  std::string name(provider_id);
  name.append("/").append(upstream_id);
  return name;
}

std::string listed_name(const std::vector<Provider>& providers, std::size_t index,
                        std::string_view upstream_id) {
  const Provider& provider = providers[index];
  const bool is_bare =
      std::ranges::any_of(
          provider.unprefixed_models,
          [&](const std::string& pattern) { return fits_pattern(upstream_id, pattern); }) &&
      std::ranges::none_of(
          providers, [&](const Provider& other) { return has_prefix(upstream_id, other.id); });
  return is_bare ? std::string(upstream_id) : listed_name(provider.id, upstream_id);
}

// The last star is tried again with one byte more whenever what follows it does not fit.
bool fits_pattern(std::string_view name, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t retried = 0;
  while (at < name.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      after_star = ++in_pattern;
      retried = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == name[at]) {
      ++in_pattern;
      ++at;
    } else if (after_star != std::string_view::npos) {
      in_pattern = after_star;
      at = ++retried;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

std::optional<std::size_t> provider_of(const Model& model, const std::vector<Provider>& providers) {
  const auto fits = [&](const Provider& provider) {
    if (model.provider_id.empty()) return providers.size() == 1;
    if (model.provider_id != kAllProviders) return provider.id == model.provider_id;
    return model.follows_list || provider.allows(model.upstream_id());
  };
  auto found = std::ranges::find_if(
      providers, [&](const Provider& provider) { return !provider.is_asleep() && fits(provider); });
  if (found == providers.end()) found = std::ranges::find_if(providers, fits);
  if (found == providers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - providers.begin());
}

std::string_view fault_of_model_name(std::string_view name) {
  // Far more than any name needs; it only keeps names short enough to print on a line.
  constexpr std::size_t kBytesMax = 1024;
  const bool is_good = name.size() <= kBytesMax && std::ranges::none_of(name, [](char c) {
                         return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
                       });
  return is_good ? "" : "a model's id has at most 1024 bytes and no control characters";
}

bool is_unprefixed(const Model& model) {
  return model.provider_id == kAllProviders || model.unprefixed_alias;
}

std::string identifier(const Model& model) {
  if (is_unprefixed(model) || has_prefix(model.id, model.provider_id)) return model.id;
  return listed_name(model.provider_id, model.id);
}

}  // namespace penstock::config
