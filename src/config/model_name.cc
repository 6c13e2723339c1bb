#include "config/model_name.h"

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

bool is_unprefixed(const Model& model) {
  return model.provider_id == kAllProviders || model.unprefixed_alias;
}

std::string identifier(const Model& model) {
  if (is_unprefixed(model) || has_prefix(model.id, model.provider_id)) return model.id;
  return listed_name(model.provider_id, model.id);
}

}  // namespace penstock::config
