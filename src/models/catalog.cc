#include "models/catalog.h"

#include <algorithm>
#include <utility>

#include "config/model_name.h"
#include "models/nearest_model.h"

namespace penstock::models {
namespace {

// How much of a client's name an error message repeats.
constexpr std::size_t kNameShownBytes = 256;

std::size_t further_names_of(const Models& models) {
  const auto has_one = [](const auto& model) { return !model->further_name.empty(); };
  return static_cast<std::size_t>(std::ranges::count_if(models, has_one));
}

}  // namespace

Error model_not_found(std::string_view name) {
  return Error::client(ErrorKind::kModelNotFound,
                       "Model '" + std::string(name.substr(0, kNameShownBytes)) +
                           "' not found. Use 'client.models.list()' to list available Models.");
}

Catalog::Catalog(Contents contents, std::shared_ptr<const config::Settings> settings,
                 const KeyedHash& hash)
    : routed_(std::move(contents.routed)),
      registered_(std::move(contents.registered)),
      pending_(std::move(contents.pending)),
      listed_(std::move(contents.listed)),
      settings_(std::move(settings)),
      hash_(hash),
      routed_by_name_(routed_.size(), hash_),
      registered_by_name_(registered_.size() + further_names_of(registered_), hash_),
      pending_by_name_(2 * pending_.size(), hash_),
      counts_(settings_->providers.size()) {
  std::erase_if(registered_, [&](const std::shared_ptr<const Model>& model) {
    return !registered_by_name_.add(model->id, *model);
  });
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Model& model = pending_[i].model;
    pending_by_name_.emplace(model.id, i);
    if (!model.further_name.empty()) pending_by_name_.emplace(model.further_name, i);
  }
  std::erase_if(routed_, [&](const std::shared_ptr<const Model>& model) {
    return !routed_by_name_.add(model->id, *model);
  });
  parts_.emplace_back(routed_);
  parts_.emplace_back(registered_);
  for (const Listed& each : listed_) parts_.emplace_back(each.models->all());
  hide_and_count();
  hide_behind_routes();
  index_further_names();
}

void Catalog::hide_and_count() {
  for (std::size_t i = 0; i < listed_.size(); ++i) {
    counts_[i] = listed_[i].models->all().size();
    if (listed_[i].repeated != nullptr) counts_[i] -= listed_[i].repeated->size();
  }
  for (const std::shared_ptr<const Model>& model : registered_) {
    ++counts_[model->provider];
    const Model* listed = find_listed(model->id);
    if (listed == nullptr || listed->id != model->id) continue;
    hidden_.insert(listed);
    --counts_[listed->provider];
  }
}

// Only ids can be found yet, and one model at most has the route's and is not hidden.
void Catalog::hide_behind_routes() {
  for (const std::shared_ptr<const Model>& route : routed_) {
    ++counts_[route->provider];
    const Model* model = find_model(route->id);
    if (model == nullptr || model->id != route->id) continue;
    hidden_.insert(model);
    --counts_[model->provider];
  }
}

// Those that a registered model hides, or an earlier list.
bool Catalog::is_hidden(const Model& model) const {
  if (hidden_.contains(&model)) return true;
  if (model.provider >= listed_.size()) return false;
  const ModelSet* repeated = listed_[model.provider].repeated.get();
  return repeated != nullptr && repeated->contains(&model);
}

// A further name counts only if it is unambiguous: a listed model of that name, another provider's,
// and another provider's prefix take precedence. What the lists say about that is looked up in
// find(), so that a registration does not ask all of them about all names.
void Catalog::index_further_names() {
  const Owners owners = owners_of_further_names();
  if (owners.empty()) return;
  for (const std::shared_ptr<const Model>& model : registered_) {
    const std::string& name = model->further_name;
    if (name.empty() || !owners.at(name).is_alone || is_of_another_provider(*model)) continue;
    if (!pending_by_name_.contains(name)) registered_by_name_.add(name, *model);
  }
}

Catalog::Owners Catalog::owners_of_further_names() const {
  Owners owners(0, hash_);
  const auto each_registered = [&](auto&& visit) {
    for (const std::shared_ptr<const Model>& model : registered_) visit(*model);
    for (const PendingModel& pending : pending_) visit(pending.model);
  };
  each_registered([&](const Model& model) {
    if (model.further_name.empty()) return;
    owners.try_emplace(model.further_name, Owner{.provider = model.provider})
        .first->second.note(model.provider);
  });
  if (owners.empty()) return owners;
  each_registered([&](const Model& model) {
    const std::string& provider_id = settings_->providers[model.provider].id;
    if (!config::has_prefix(model.id, provider_id)) return;
    const auto owner = owners.find(config::without_prefix(model.id, provider_id));
    if (owner != owners.end()) owner->second.note(model.provider);
  });
  return owners;
}

bool Catalog::is_of_another_provider(const Model& model) const {
  return std::ranges::any_of(settings_->providers, [&](const config::Provider& provider) {
    return config::has_prefix(model.further_name, provider.id);
  });
}

const Model* Catalog::find(std::string_view name) const {
  const Model* route = routed_.empty() ? nullptr : routed_by_name_.find(name);
  return route != nullptr ? route : find_model(name);
}

const Model* Catalog::find_model(std::string_view name) const {
  if (!registered_.empty()) {
    const std::size_t hash = hash_(name);
    const Model* model = registered_by_name_.find(name, hash);
    const bool is_found =
        model != nullptr && (model->id == name || !others_list(name, hash, *model));
    if (is_found) return model;
  }
  return find_listed(name);
}

const Model* Catalog::find_listed(std::string_view id) const {
  for (const Listed& each : listed_) {
    if (const Model* model = each.models->find(id); model != nullptr) return model;
  }
  return nullptr;
}

bool Catalog::others_list(std::string_view name, std::size_t hash, const Model& model) const {
  for (std::size_t i = 0; i < listed_.size(); ++i) {
    if (i == model.provider) continue;
    const Model* other = listed_[i].models->find_without_prefix(name, hash);
    if (other != nullptr && !is_hidden(*other)) return true;
  }
  return false;
}

Result<Catalog::Target> Catalog::route(std::string_view name) const {
  if (const Model* model = find_model(name); model != nullptr) {
    return Target{model->provider, model->upstream_id, model};
  }
  if (pending_by_name_.contains(name)) return failure(not_found(name));
  // Provider ids may contain slashes: the longest match counts.
  std::optional<std::size_t> best;
  const std::vector<config::Provider>& providers = settings_->providers;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const bool fits = config::has_prefix(name, providers[i].id);
    if (fits && (!best || providers[i].id.size() > providers[*best].id.size())) best = i;
  }
  if (!best) return failure(not_found(name));
  const std::string_view upstream_model = config::without_prefix(name, providers[*best].id);
  if (!providers[*best].allows(upstream_model)) return failure(not_found(name));
  return Target{*best, upstream_model, nullptr};
}

Result<Catalog::Target> Catalog::route_at(std::size_t provider, std::string_view name) const {
  const config::Provider& settings = settings_->providers[provider];
  const Model* model = find_model(name);
  if (model == nullptr || model->provider != provider) {
    model = find_model(config::listed_name(settings.id, name));
  }
  if (model != nullptr && model->provider == provider) {
    return Target{provider, model->upstream_id, model};
  }
  if (pending_by_name_.contains(name)) return failure(not_found(name));
  const bool has_prefix = config::has_prefix(name, settings.id);
  const std::string_view upstream_model =
      has_prefix ? config::without_prefix(name, settings.id) : name;
  if (upstream_model.empty() || !settings.allows(upstream_model)) return failure(not_found(name));
  return Target{provider, upstream_model, nullptr};
}

std::optional<std::string> Catalog::name_of(std::size_t provider,
                                            std::string_view upstream_model) const {
  const auto registered = std::ranges::find_if(registered_, [&](const auto& model) {
    return model->provider == provider && model->upstream_id == upstream_model;
  });
  if (registered != registered_.end()) return (*registered)->id;
  std::string name = config::listed_name(settings_->providers[provider].id, upstream_model);
  const Result<Target> target = route(name);
  if (!target || target->provider != provider || target->upstream_model != upstream_model) {
    return std::nullopt;
  }
  return name;
}

const Model* Catalog::find_under_any_prefix(std::string_view name) const {
  for (const config::Provider& provider : settings_->providers) {
    const Model* model = find(config::listed_name(provider.id, name));
    if (model != nullptr) return model;
  }
  return nullptr;
}

// Most wrong names lack the provider's prefix, or have another one. These are looked up, among any
// number of models.
const Model* Catalog::find_near(std::string_view name) const {
  const Model* model = find_under_any_prefix(name);
  const std::size_t slash = name.find('/');
  if (model == nullptr && slash != std::string_view::npos) {
    model = find_under_any_prefix(name.substr(slash + 1));
  }
  return model != nullptr ? model : nearest_model(parts_, name);
}

Error Catalog::not_found(std::string_view name) const {
  Error error = model_not_found(name);
  if (const auto pending = pending_by_name_.find(name); pending != pending_by_name_.end()) {
    error.message += " It is registered, but " + pending_[pending->second].reason + ".";
  } else if (const Model* near = find_near(name); near != nullptr) {
    error.message += " Did you mean '" + near->id + "'?";
  }
  return error;
}

std::shared_ptr<const std::string> Catalog::rendered() const {
  const std::lock_guard lock(rendered_mutex_);
  return rendered_;
}

std::shared_ptr<const std::string> Catalog::keep_rendered(
    std::shared_ptr<const std::string> text) const {
  const std::lock_guard lock(rendered_mutex_);
  if (rendered_ == nullptr) rendered_ = std::move(text);
  return rendered_;
}

}  // namespace penstock::models
