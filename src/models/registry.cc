#include "models/registry.h"

#include <algorithm>
#include <utility>

#include "config/model_name.h"
#include "config/upstream_identity.h"
#include "core/text.h"

namespace penstock::models {
namespace {

std::int64_t seconds_since_1970(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// The approximate size of a registered model without its texts.
constexpr std::size_t kModelBytes = 512;

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

// Says of `model` what is said of `other`.
void tell_alike(Model& model, const Model& other) {
  model.type = other.type;
  model.type_is_stated = other.type_is_stated;
  model.metadata = other.metadata;
}

// `alias` with the name of the model that it follows.
std::shared_ptr<const Model> following(const Model& alias, const Model& followed) {
  Model model = alias;
  model.upstream_id = followed.upstream_id;
  return std::make_shared<const Model>(std::move(model));
}

Status check_id(std::string_view name, std::string_view id, std::size_t bytes_max) {
  if (id.size() > bytes_max) {
    return failure(invalid(std::string(name) + " must not be longer than " +
                           std::to_string(bytes_max) + " bytes")
                       .at_limit(Limit::kModelIdBytes));
  }
  if (!has_control_character(id)) return {};
  return failure(invalid(std::string(name) + " must not have control characters"));
}

Status check(const Registry::Registration& registration, const config::Limits& limits) {
  if (registration.model_id.empty()) return failure(invalid("model_id must not be empty"));
  Status sound = check_id("model_id", registration.model_id, limits.model_id_bytes);
  if (!sound) return sound;
  sound = check_id("provider_model_id", registration.provider_model_id.value_or(""),
                   limits.model_id_bytes);
  if (!sound) return sound;
  sound = check_id("provider_id", registration.provider_id.value_or(""), limits.model_id_bytes);
  if (!sound) return sound;
  if (registration.metadata.size() <= limits.metadata_bytes) return {};
  return failure(Error::client(ErrorKind::kBodyTooLarge, "metadata must not be longer than " +
                                                             std::to_string(limits.metadata_bytes) +
                                                             " bytes")
                     .at_limit(Limit::kMetadataBytes));
}

}  // namespace

Registry::Registry(std::shared_ptr<const config::Settings> settings, WallTime now, Publish publish)
    : settings_(std::move(settings)),
      publish_(std::move(publish)),
      sources_(settings_->providers.size()) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    sources_[i].listed.models =
        std::make_shared<const ListedModels>(settings_->providers[i].id, Models(), hash_);
  }
  configured_ = configured_models(now);
  routed_ = routed_models(now);
  const std::lock_guard lock(mutex_);
  publish_locked();
}

Result<std::size_t> Registry::provider_of(const config::Model& wanted) const {
  if (const auto found = config::provider_of(wanted, settings_->providers)) return *found;
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
  Model made;
  made.provider = *provider;
  made.id = config::identifier(settled);
  made.type = wanted.type;
  made.type_is_stated = wanted.type_is_stated || wanted.type != "llm";
  made.metadata = Metadata(wanted.metadata);
  made.created = seconds_since_1970(now);
  const bool has_own_name = wanted.follows_list || wanted.id != wanted.upstream_id();
  if (has_own_name && made.id != wanted.id) made.further_name = wanted.id;
  if (!wanted.follows_list) {
    made.upstream_id = wanted.upstream_id();
    if (!settings.allows(made.upstream_id)) {
      return failure(invalid("Model '" + made.upstream_id + "' is not on the allow-list of '" +
                             settings.id + "'"));
    }
  }
  const std::size_t bytes = kModelBytes + made.id.size() + made.upstream_id.size() +
                            made.further_name.size() + made.metadata.text().size();
  return Registered{std::make_shared<const Model>(std::move(made)), wanted.follows_list, bytes};
}

// Models that cannot be served are left out: the check of the configuration has reported them.
std::vector<Registry::Registered> Registry::configured_models(WallTime now) const {
  std::vector<Registered> models;
  for (const config::Model& configured : settings_->models) {
    if (auto made = registered(configured, now)) models.push_back(std::move(*made));
  }
  return models;
}

// Routes that are made of registered models have these models' names, and are listed as such.
std::vector<Registry::Routed> Registry::routed_models(WallTime now) const {
  std::vector<Routed> routes;
  for (const config::ModelRoute& route : settings_->routing.routes) {
    const bool is_shown = route.is_written && !route.hidden && !route.model.ends_with('*');
    if (!is_shown || route.targets.empty()) continue;
    const config::RouteTarget& first = route.targets.front();
    Model made;
    made.id = route.model;
    made.provider = first.provider;
    made.upstream_id = first.model.empty() ? route.model : first.model;
    made.created = seconds_since_1970(now);
    const auto known = std::ranges::find_if(configured_, [&](const Registered& each) {
      return !each.follows_list && each.model->provider == made.provider &&
             each.model->upstream_id == made.upstream_id;
    });
    const bool is_known = known != configured_.end();
    if (is_known) tell_alike(made, *known->model);
    routes.push_back({std::make_shared<const Model>(std::move(made)), is_known});
  }
  return routes;
}

std::shared_ptr<const Model> Registry::shown_locked(const Routed& route) const {
  if (route.is_known) return route.model;
  const ListedModels& list = *sources_[route.model->provider].listed.models;
  const std::string& name = route.model->upstream_id;
  const Model* listed = list.find_without_prefix(name, hash_(name));
  if (listed == nullptr) return route.model;
  Model model = *route.model;
  tell_alike(model, *listed);
  return std::make_shared<const Model>(std::move(model));
}

const Model* Registry::followed_by(const Model& model) const {
  return sources_[model.provider].listed.models->first_of_type(model.type);
}

std::string Registry::why_pending(const Model& model) const {
  const config::Provider& provider = settings_->providers[model.provider];
  const std::string subject = "provider '" + provider.id + "' ";
  if (sources_[model.provider].is_known) return subject + "lists no model of type " + model.type;
  if (!provider.base_url) return subject + "has no base_url, so its models are not known";
  if (provider.is_asleep()) return subject + "has no key, so its models are not known";
  if (provider.listing.shape == config::ModelListing::Shape::kNone) {
    return subject + "lists no models";
  }
  return subject + "has not listed its models yet";
}

std::shared_ptr<const Catalog> Registry::catalog() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

void Registry::publish_locked() {
  Catalog::Contents contents;
  contents.registered.reserve(configured_.size() + added_.size());
  pending_.clear();
  for (const std::vector<Registered>* part : {&configured_, &added_}) {
    for (const Registered& each : *part) {
      if (!each.follows_list) {
        contents.registered.push_back(each.model);
      } else if (const Model* followed = followed_by(*each.model); followed != nullptr) {
        contents.registered.push_back(following(*each.model, *followed));
      } else {
        pending_.push_back({*each.model, why_pending(*each.model)});
      }
    }
  }
  contents.pending = pending_;
  contents.listed.reserve(sources_.size());
  for (const Source& source : sources_) contents.listed.push_back(source.listed);
  contents.routed.reserve(routed_.size());
  for (const Routed& route : routed_) contents.routed.push_back(shown_locked(route));
  catalog_ = std::make_shared<const Catalog>(std::move(contents), settings_, hash_);
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

std::shared_ptr<const Model> Registry::listed_model(std::size_t provider, ListedModel listed,
                                                    WallTime now) const {
  const config::Provider& settings = settings_->providers[provider];
  if (!settings.allows(listed.id)) return nullptr;
  Model model;
  model.id = config::listed_name(settings_->providers, provider, listed.id);
  model.provider = provider;
  model.upstream_id = std::move(listed.id);
  model.type = std::move(listed.type);
  model.type_is_stated = listed.type_is_stated;
  model.metadata = std::move(listed.metadata);
  model.created = seconds_since_1970(now);
  model.further_members = std::move(listed.further_members);
  return std::make_shared<const Model>(std::move(model));
}

void Registry::note_repeated_locked(std::size_t provider) {
  const std::vector<config::Provider>& providers = settings_->providers;
  const auto repeated_in = [&](std::size_t later) {
    auto repeated = std::make_shared<ModelSet>();
    const ListedModels& models = *sources_[later].listed.models;
    for (std::size_t i = 0; i < later; ++i) {
      const ListedModels& earlier = *sources_[i].listed.models;
      if (!may_share_ids(providers[i], providers[later])) continue;
      add_repeated(earlier, models, *repeated);
    }
    return repeated->empty() ? nullptr : repeated;
  };
  sources_[provider].listed.repeated = repeated_in(provider);
  for (std::size_t later = provider + 1; later < sources_.size(); ++later) {
    if (!may_share_ids(providers[provider], providers[later])) continue;
    sources_[later].listed.repeated = repeated_in(later);
  }
}

Registry::List Registry::list_of(std::size_t provider, Models models) const {
  return std::make_shared<const ListedModels>(settings_->providers[provider].id, std::move(models),
                                              hash_);
}

void Registry::replace_list_locked(std::size_t provider, List& list) {
  Source& source = sources_[provider];
  source.listed.models.swap(list);
  note_repeated_locked(provider);
  source.is_known = true;
  source.health = {ProviderHealth::State::kOk, ""};
}

std::vector<std::string> Registry::news_of_list_locked(std::size_t provider) {
  std::vector<std::string> lines = newly_pending(provider);
  for (std::size_t later = provider; later < sources_.size(); ++later) {
    if (std::string line = new_conflict_of(later); !line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> Registry::listed(std::size_t provider, Models models) {
  List list = list_of(provider, std::move(models));
  const std::lock_guard lock(mutex_);
  replace_list_locked(provider, list);
  publish_locked();
  return news_of_list_locked(provider);
}

// Names without a prefix that an earlier provider has too: told once, until they change.
std::string Registry::new_conflict_of(std::size_t provider) {
  Source& source = sources_[provider];
  const std::string& id = settings_->providers[provider].id;
  std::size_t count = 0;
  const Model* first = nullptr;
  if (source.listed.repeated != nullptr && source.listed.models->has_unprefixed()) {
    for (const std::shared_ptr<const Model>& model : source.listed.models->all()) {
      if (model->id != model->upstream_id || !source.listed.repeated->contains(model.get()))
        continue;
      if (count++ == 0) first = model.get();
    }
  }
  if (std::exchange(source.conflicts, count) == count || first == nullptr) return {};
  return "provider " + id + ": an earlier provider has models of the same names, " +
         std::to_string(count) + " in all; the first is '" + first->id +
         "'. Ask for this one as '" + config::listed_name(id, first->upstream_id) + "'";
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

Status Registry::has_room_locked(std::size_t bytes) const {
  const config::Limits& limits = settings_->server.limits;
  if (added_.size() >= limits.registered_models) {
    return failure(invalid("the limit of " + std::to_string(limits.registered_models) +
                           " registered models is reached; remove some")
                       .at_limit(Limit::kRegisteredModels));
  }
  if (added_bytes_ + bytes > limits.registered_bytes) {
    return failure(invalid("the limit of " + std::to_string(limits.registered_bytes) +
                           " bytes for all registered models is reached; remove some")
                       .at_limit(Limit::kRegisteredBytes));
  }
  return {};
}

Result<std::shared_ptr<const Model>> Registry::add(const Registration& registration, WallTime now) {
  auto model = add_here(registration, now);
  if (const auto next = successor(); model && next != nullptr) (void)next->add(registration, now);
  return model;
}

Result<std::shared_ptr<const Model>> Registry::add_here(const Registration& registration,
                                                        WallTime now) {
  Status sound = check(registration, settings_->server.limits);
  if (!sound) return failure(std::move(sound.error()));
  config::Model wanted;
  wanted.id = registration.model_id;
  wanted.provider_id = registration.provider_id.value_or("");
  wanted.provider_model_id = registration.provider_model_id.value_or("");
  wanted.type = registration.type.value_or("llm");
  wanted.type_is_stated = registration.type.has_value();
  wanted.metadata = registration.metadata;
  wanted.follows_list = wanted.provider_model_id == config::kFirstListedModel;
  wanted.unprefixed_alias = registration.unprefixed_alias;
  auto made = registered(wanted, now);
  if (!made) return failure(std::move(made.error()));
  const std::string& id = made->model->id;
  const std::lock_guard lock(mutex_);
  const bool is_pending = std::ranges::any_of(
      pending_, [&](const PendingModel& pending) { return pending.model.id == id; });
  if (is_pending || is_listed_locked(id)) {
    return failure(invalid("Model '" + id + "' is already registered"));
  }
  if (Status room = has_room_locked(made->bytes); !room) return failure(std::move(room.error()));
  std::shared_ptr<const Model> model = made->model;
  if (made->follows_list) {
    const Model* followed = followed_by(*model);
    if (followed == nullptr) return failure(invalid(why_pending(*model)));
    model = following(*model, *followed);
  }
  added_bytes_ += made->bytes;
  made->asked = registration;
  made->asked.metadata.clear();
  made->at = now;
  added_.push_back(std::move(*made));
  publish_locked();
  return model;
}

bool Registry::is_listed_locked(std::string_view id) const {
  const Model* model = catalog_->find(id);
  return model != nullptr && model->id == id;
}

Status Registry::remove(std::string_view name) {
  Status removed = remove_here(name);
  if (const auto next = successor(); removed && next != nullptr) (void)next->remove(name);
  return removed;
}

Status Registry::remove_here(std::string_view name) {
  const std::lock_guard lock(mutex_);
  // If two models have this name, the catalog knows which one is meant.
  const Model* meant = catalog_->find(name);
  const std::string id = meant != nullptr ? meant->id : pending_id_of(name);
  if (id.empty()) return failure(catalog_->not_found(name));
  const auto added =
      std::ranges::find_if(added_, [&](const Registered& each) { return each.model->id == id; });
  if (added == added_.end()) {
    return failure(Error::client(
        ErrorKind::kForbidden,
        "Model '" + id +
            "' was not registered at run time: it comes from the configuration or from its "
            "upstream's list; remove it there"));
  }
  added_bytes_ -= added->bytes;
  added_.erase(added);
  publish_locked();
  return {};
}

std::shared_ptr<Registry> Registry::successor() const {
  const std::lock_guard lock(mutex_);
  return successor_.lock();
}

// As this configuration names and allows them.
Models Registry::taken_models(std::size_t provider, const Models& models) const {
  Models taken;
  taken.reserve(models.size());
  for (const std::shared_ptr<const Model>& model : models) {
    ListedModel listed{.id = model->upstream_id,
                       .type = model->type,
                       .type_is_stated = model->type_is_stated,
                       .metadata = model->metadata,
                       .further_members = model->further_members};
    auto made =
        listed_model(provider, std::move(listed), WallTime(std::chrono::seconds(model->created)));
    if (made != nullptr) taken.push_back(std::move(made));
  }
  return taken;
}

// What was told of a list is not told again.
void Registry::take_lists(const Registry& earlier) {
  std::vector<List> lists(sources_.size());  // null: none is taken
  std::vector<ProviderHealth> health(sources_.size());
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& others = earlier.settings_->providers;
    const auto same = std::ranges::find_if(others, [&](const config::Provider& other) {
      return config::is_same_upstream(settings_->providers[i], other);
    });
    if (same == others.end()) continue;
    Source source;
    {
      const std::lock_guard lock(earlier.mutex_);
      source = earlier.sources_[static_cast<std::size_t>(same - others.begin())];
    }
    if (source.is_known) lists[i] = list_of(i, taken_models(i, source.listed.models->all()));
    health[i] = std::move(source.health);
  }
  std::vector<std::size_t> taken;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (lists[i] != nullptr) taken.push_back(i);
  }
  const std::lock_guard lock(mutex_);
  for (const std::size_t i : taken) replace_list_locked(i, lists[i]);
  for (std::size_t i = 0; i < sources_.size(); ++i) sources_[i].health = std::move(health[i]);
  if (taken.empty()) return;
  publish_locked();
  for (const std::size_t i : taken) (void)news_of_list_locked(i);
}

std::vector<std::string> Registry::take_registrations(const std::shared_ptr<Registry>& self,
                                                      Registry& earlier) {
  std::vector<Registered> registered;
  {
    const std::lock_guard lock(earlier.mutex_);
    registered = earlier.added_;
    earlier.successor_ = self;
  }
  std::vector<std::string> lines;
  for (const Registered& each : registered) {
    Registration asked = each.asked;
    asked.metadata = std::string(each.model->metadata.text());
    const auto added = add(asked, each.at);
    if (added) continue;
    lines.push_back("model " + each.model->id +
                    ", which a client registered, is not served: " + added.error().message);
  }
  return lines;
}

std::string Registry::pending_id_of(std::string_view name) const {
  for (const auto& [model, reason] : pending_) {
    if (model.id == name || model.further_name == name) return model.id;
  }
  return {};
}

}  // namespace penstock::models
