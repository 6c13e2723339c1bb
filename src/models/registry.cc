#include "models/registry.h"

#include <algorithm>
#include <utility>

#include "config/model_name.h"

namespace penstock::models {
namespace {

std::int64_t seconds_since_1970(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
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

// An alias for all belongs to the first provider in the file's order; where it names its target, to
// the first that may serve it.
Result<std::size_t> Registry::provider_of(const config::Model& wanted) const {
  const auto& providers = settings_->providers;
  const auto found = std::ranges::find_if(providers, [&](const config::Provider& provider) {
    if (wanted.provider_id.empty()) return providers.size() == 1;
    if (wanted.provider_id != config::kAllProviders) return provider.id == wanted.provider_id;
    return wanted.follows_list || provider.allows(wanted.upstream_id());
  });
  if (found != providers.end()) return static_cast<std::size_t>(found - providers.begin());
  if (wanted.provider_id.empty()) {
    return failure(invalid("provider_id must be given unless there is exactly one provider"));
  }
  if (wanted.provider_id == config::kAllProviders) {
    return failure(invalid("Model '" + std::string(wanted.upstream_id()) +
                           "' is on no provider's allow-list"));
  }
  return failure(invalid("Provider " + wanted.provider_id + " not found"));
}

Result<Registry::Registered> Registry::registered(const config::Model& wanted, WallTime now) const {
  const Result<std::size_t> provider = provider_of(wanted);
  if (!provider) return failure(provider.error());
  const config::Provider& settings = settings_->providers[*provider];
  config::Model settled = wanted;
  if (settled.provider_id.empty()) settled.provider_id = settings.id;
  Registered made;
  made.follows_list = wanted.follows_list;
  made.model.provider = *provider;
  made.model.id = config::identifier(settled);
  made.model.type = wanted.type;
  made.model.type_is_stated = wanted.type != "llm";
  made.model.metadata = wanted.metadata;
  made.model.created = seconds_since_1970(now);
  const bool has_own_name = wanted.follows_list || wanted.id != wanted.upstream_id();
  if (has_own_name && made.model.id != wanted.id) made.model.further_name = wanted.id;
  if (wanted.follows_list) return made;
  made.model.upstream_id = wanted.upstream_id();
  if (settings.allows(made.model.upstream_id)) return made;
  return failure(invalid("Model '" + made.model.upstream_id + "' is not on the allow-list of '" +
                         settings.id + "'"));
}

// What cannot be served is left out: the check of the configuration has said so.
std::vector<Registry::Registered> Registry::configured_models(WallTime now) const {
  std::vector<Registered> models;
  for (const config::Model& configured : settings_->models) {
    if (auto made = registered(configured, now)) models.push_back(std::move(*made));
  }
  return models;
}

const Model* Registry::followed_by(const Model& model) const {
  const std::vector<Model>& listed = sources_[model.provider].listed;
  const auto first = std::ranges::find(listed, model.type, &Model::type);
  return first == listed.end() ? nullptr : &*first;
}

std::string Registry::why_pending(const Model& model) const {
  const config::Provider& provider = settings_->providers[model.provider];
  const std::string subject = "provider '" + provider.id + "' ";
  if (sources_[model.provider].is_known) return subject + "lists no model of type " + model.type;
  if (!provider.base_url) return subject + "has no base_url, so its models are not known";
  return subject + "has not listed its models yet";
}

std::shared_ptr<const Catalog> Registry::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

void Registry::publish_locked() {
  std::size_t most = configured_.size() + added_.size();
  for (const Source& source : sources_) most += source.listed.size();
  std::vector<Model> models;
  models.reserve(most);
  std::unordered_set<std::string_view> seen;  // views into `models`, which does not grow
  const auto take = [&](const Model& model) {
    if (!seen.contains(model.id)) seen.insert(models.emplace_back(model).id);
  };
  pending_.clear();
  for (const std::vector<Registered>* part : {&configured_, &added_}) {
    for (const Registered& each : *part) {
      if (!each.follows_list) {
        take(each.model);
      } else if (const Model* followed = followed_by(each.model); followed != nullptr) {
        Model model = each.model;
        model.upstream_id = followed->upstream_id;
        take(model);
      } else {
        pending_.push_back({each.model, why_pending(each.model)});
      }
    }
  }
  for (const Source& source : sources_) std::ranges::for_each(source.listed, take);
  catalog_ = std::make_shared<const Catalog>(std::move(models), settings_, pending_);
  publish_(catalog_);
}

std::vector<std::string> Registry::newly_pending(std::size_t provider) {
  std::vector<std::string> lines;
  std::unordered_set<std::string> ids;
  for (const auto& [model, reason] : pending_) {
    if (model.provider == provider || reported_pending_.contains(model.id)) ids.insert(model.id);
    if (model.provider != provider || reported_pending_.contains(model.id)) continue;
    lines.push_back("model " + model.id + " is not served: " + reason);
  }
  reported_pending_ = std::move(ids);
  return lines;
}

std::vector<std::string> Registry::listed(std::size_t provider, std::vector<ListedModel> models,
                                          WallTime now) {
  const config::Provider& settings = settings_->providers[provider];
  const std::int64_t created = seconds_since_1970(now);
  std::vector<Model> allowed;
  for (ListedModel& listed : models) {
    if (!settings.allows(listed.id)) continue;
    allowed.push_back({.id = config::listed_name(settings.id, listed.id),
                       .provider = provider,
                       .upstream_id = listed.id,
                       .type = listed.type,
                       .type_is_stated = listed.type_is_stated,
                       .metadata = std::move(listed.metadata),
                       .created = created,
                       .further_name = {}});
  }
  const std::lock_guard lock(mutex_);
  Source& source = sources_[provider];
  source.listed = std::move(allowed);
  source.is_known = true;
  source.health = {ProviderHealth::State::kOk, ""};
  publish_locked();
  return newly_pending(provider);
}

std::vector<std::string> Registry::list_failed(std::size_t provider, const Error& error) {
  const std::lock_guard lock(mutex_);
  sources_[provider].health = {ProviderHealth::State::kError, error.message};
  return newly_pending(provider);
}

ProviderHealth Registry::health(std::size_t provider) const {
  const std::lock_guard lock(mutex_);
  return sources_[provider].health;
}

Result<Model> Registry::add(const Registration& registration, WallTime now) {
  if (registration.model_id.empty()) return failure(invalid("model_id must not be empty"));
  config::Model wanted;
  wanted.id = registration.model_id;
  wanted.provider_id = registration.provider_id.value_or("");
  wanted.provider_model_id = registration.provider_model_id.value_or("");
  wanted.type = registration.type.value_or("llm");
  wanted.metadata = registration.metadata;
  wanted.follows_list = wanted.provider_model_id == config::kFirstListedModel;
  wanted.unprefixed_alias = registration.unprefixed_alias;
  auto made = registered(wanted, now);
  if (!made) return failure(std::move(made.error()));
  Model& model = made->model;
  model.type_is_stated = registration.type.has_value();
  const std::lock_guard lock(mutex_);
  if (added_.size() >= kAddedMax) return failure(invalid("too many models are registered"));
  const bool is_pending = std::ranges::any_of(
      pending_, [&](const PendingModel& pending) { return pending.model.id == model.id; });
  if (is_pending || is_listed_locked(model.id)) {
    return failure(invalid("Model '" + model.id + "' is registered already"));
  }
  if (made->follows_list) {
    const Model* followed = followed_by(model);
    if (followed == nullptr) return failure(invalid(why_pending(model)));
    model.upstream_id = followed->upstream_id;
  }
  added_.push_back(*made);
  publish_locked();
  return model;
}

bool Registry::is_listed_locked(std::string_view id) const {
  const Model* model = catalog_->find(id);
  return model != nullptr && model->id == id;
}

Status Registry::remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  // Of two names of one text, the catalog knows which model is meant.
  const Model* meant = catalog_->find(name);
  const std::string id = meant != nullptr ? meant->id : pending_id_of(name);
  if (id.empty()) return failure(catalog_->not_found(name));
  if (std::erase_if(added_, [&](const Registered& each) { return each.model.id == id; }) == 0) {
    return failure(Error::client(
        ErrorKind::kForbidden,
        "Model '" + id +
            "' was not registered at run time: it comes from the configuration or from its "
            "upstream's list; remove it there"));
  }
  publish_locked();
  return {};
}

std::string Registry::pending_id_of(std::string_view name) const {
  for (const auto& [model, reason] : pending_) {
    if (model.id == name || model.further_name == name) return model.id;
  }
  return {};
}

}  // namespace penstock::models
