#include "models/registry.h"

#include <algorithm>
#include <utility>

namespace penstock::models {
namespace {

std::int64_t seconds_since_1970(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The reference's rule: a name that differs from the upstream's is an alias and unique by itself;
// the upstream's own name is made unique by the provider's.
std::string identifier(const std::string& model_id, const std::string& provider_id,
                       const std::string& upstream_id) {
  return model_id == upstream_id ? provider_id + "/" + upstream_id : model_id;
}

// Clients may register models: their memory has a bound.
constexpr std::size_t kAddedMax = 10'000;

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

}  // namespace

Registry::Registry(std::shared_ptr<const config::Settings> settings, WallTime now, Publish publish)
    : settings_(std::move(settings)),
      publish_(std::move(publish)),
      sources_(settings_->providers.size()) {
  configured_ = configured_models(now);
  const std::lock_guard lock(mutex_);
  publish_locked();
}

std::optional<std::size_t> Registry::find_provider(std::string_view id) const {
  const auto& providers = settings_->providers;
  const auto found = std::ranges::find(providers, id, &config::Provider::id);
  if (found == providers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - providers.begin());
}

std::vector<Model> Registry::configured_models(WallTime now) const {
  std::vector<Model> models;
  for (const config::Model& configured : settings_->models) {
    Model model;
    model.upstream_id =
        configured.provider_model_id.empty() ? configured.id : configured.provider_model_id;
    model.type = configured.type;
    model.type_is_stated = configured.type != "llm";
    model.metadata = configured.metadata;
    model.created = seconds_since_1970(now);
    if (configured.provider_id == "all") {
      // An alias for whichever provider comes first; requests find the rest by their prefixes.
      model.id = configured.id;
      const auto first = std::ranges::find_if(settings_->providers, [&](const auto& provider) {
        return provider.allows(model.upstream_id);
      });
      if (first == settings_->providers.end()) continue;
      model.provider = static_cast<std::size_t>(first - settings_->providers.begin());
    } else {
      const std::optional<std::size_t> provider = configured.provider_id.empty()
                                                      ? std::optional<std::size_t>(0)
                                                      : find_provider(configured.provider_id);
      if (!provider || *provider >= settings_->providers.size()) continue;
      if (!settings_->providers[*provider].allows(model.upstream_id)) continue;
      model.provider = *provider;
      model.id = identifier(configured.id, settings_->providers[*provider].id, model.upstream_id);
    }
    models.push_back(std::move(model));
  }
  return models;
}

std::shared_ptr<const Catalog> Registry::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

void Registry::publish_locked() {
  std::vector<Model> models = configured_;
  for (const Source& source : sources_) {
    models.insert(models.end(), source.listed.begin(), source.listed.end());
  }
  models.insert(models.end(), added_.begin(), added_.end());
  std::vector<Model> unique;
  unique.reserve(models.size());
  std::unordered_map<std::string_view, bool> seen;
  for (Model& model : models) {
    if (seen.emplace(model.id, true).second) unique.push_back(model);
  }
  catalog_ = std::make_shared<const Catalog>(std::move(unique), settings_);
  publish_(catalog_);
}

void Registry::listed(std::size_t provider, std::vector<ListedModel> models, WallTime now) {
  const config::Provider& settings = settings_->providers[provider];
  const std::int64_t created = seconds_since_1970(now);
  std::vector<Model> registered;
  for (ListedModel& listed : models) {
    if (!settings.allows(listed.id)) continue;
    registered.push_back({.id = settings.id + "/" + listed.id,
                          .provider = provider,
                          .upstream_id = listed.id,
                          .type = listed.type,
                          .type_is_stated = listed.type_is_stated,
                          .metadata = std::move(listed.metadata),
                          .created = created});
  }
  const std::lock_guard lock(mutex_);
  sources_[provider].listed = std::move(registered);
  sources_[provider].health = {ProviderHealth::State::kOk, ""};
  publish_locked();
}

void Registry::list_failed(std::size_t provider, const Error& error) {
  const std::lock_guard lock(mutex_);
  sources_[provider].health = {ProviderHealth::State::kError, error.message};
}

ProviderHealth Registry::health(std::size_t provider) const {
  const std::lock_guard lock(mutex_);
  return sources_[provider].health;
}

Result<Model> Registry::add(const Registration& registration, WallTime now) {
  if (registration.model_id.empty()) return failure(invalid("model_id must not be empty"));
  std::optional<std::size_t> provider;
  if (registration.provider_id) {
    provider = find_provider(*registration.provider_id);
    if (!provider) return failure(invalid("Provider " + *registration.provider_id + " not found"));
  } else if (settings_->providers.size() == 1) {
    provider = 0;
  } else {
    return failure(invalid("provider_id must be given where there is more than one provider"));
  }
  const config::Provider& settings = settings_->providers[*provider];
  Model model;
  model.provider = *provider;
  model.upstream_id = registration.provider_model_id.value_or(registration.model_id);
  model.id = identifier(registration.model_id, settings.id, model.upstream_id);
  model.type = registration.type.value_or("llm");
  model.type_is_stated = registration.type.has_value();
  model.metadata = registration.metadata;
  model.created = seconds_since_1970(now);
  if (!settings.allows(model.upstream_id)) {
    return failure(invalid("Model '" + model.upstream_id + "' is not on the allow-list of '" +
                           settings.id + "'"));
  }
  const std::lock_guard lock(mutex_);
  if (added_.size() >= kAddedMax) return failure(invalid("too many models are registered"));
  if (catalog_->find(model.id) != nullptr) {
    return failure(invalid("Model '" + model.id + "' is registered already"));
  }
  added_.push_back(model);
  publish_locked();
  return model;
}

Status Registry::remove(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const Model& model) { return model.id == id; };
  std::size_t removed = std::erase_if(added_, is_it) + std::erase_if(configured_, is_it);
  for (Source& source : sources_) removed += std::erase_if(source.listed, is_it);
  if (removed == 0) return failure(model_not_found(id));
  publish_locked();
  return {};
}

}  // namespace penstock::models
