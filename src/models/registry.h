#pragma once

// Registry: what is known about models, and the only place where catalogs are built.
//
// Three sources, in this order: the configuration, models that clients register at run time, and
// the upstreams' lists from the refresher. The names of the configuration's model routes precede
// them. Registered models precede listed ones, in the order of
// registration. Names follow one rule (config/model_name.h). Any thread may call it; its mutex is
// never taken by an inference request, which reads the catalog that was published to its thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/settings.h"
#include "core/clock.h"
#include "core/result.h"
#include "models/catalog.h"
#include "models/keyed_hash.h"
#include "models/listing.h"

namespace penstock::models {

// The state of a provider's upstream when it was last asked for its models.
struct ProviderHealth {
  enum class State : std::uint8_t { kUnknown, kOk, kError };
  State state = State::kUnknown;
  std::string message;
};

class Registry {
 public:
  // Called with every new catalog, by the thread that caused it, with the registry locked.
  using Publish = std::function<void(std::shared_ptr<const Catalog>)>;

  Registry(std::shared_ptr<const config::Settings> settings, WallTime now, Publish publish);

  std::shared_ptr<const Catalog> catalog() const;

  // For a registry that replaces `earlier` in a reload. take_lists() is called first: what
  // upstreams that are the same (config::is_same_upstream) have listed, and their health, holds
  // until they list again. take_registrations(), when this registry begins to serve: the models
  // that clients have registered; from then on, what `earlier` adds or removes is added or removed
  // here too. Returns a log line for each model that this configuration has no place for.
  void take_lists(const Registry& earlier);
  std::vector<std::string> take_registrations(const std::shared_ptr<Registry>& self,
                                              Registry& earlier);

  // A model of a provider's list as a catalog has it; null if the allow-list excludes it.
  std::shared_ptr<const Model> listed_model(std::size_t provider, ListedModel listed,
                                            WallTime now) const;

  // The result of listing a provider's models; `models` come from listed_model(), and none is null.
  // A failure keeps the models known before. It takes time for each of them, most of it before it
  // locks; add() and remove() take time for each registered model only. Returns a log line for each
  // registered model that follows the list and finds nothing in it, once until it finds something
  // again, and one for each provider whose names without a prefix are an earlier one's too.
  [[nodiscard]] std::vector<std::string> listed(std::size_t provider, Models models);
  [[nodiscard]] std::vector<std::string> list_failed(std::size_t provider, const Error& error);
  ProviderHealth health(std::size_t provider) const;

  // A model registered by a client (the reference's POST /v1/models up to 0.6).
  struct Registration {
    std::string model_id;
    std::optional<std::string> provider_model_id;
    std::optional<std::string> provider_id;
    std::optional<std::string> type;
    std::string metadata = "{}";  // a JSON object
    bool unprefixed_alias = false;
  };
  // Errors: kInvalidRequest (unknown provider, not allowed, the id is taken, nothing in the
  // provider's list to follow, or a limit on clients' models); kBodyTooLarge for metadata.
  Result<std::shared_ptr<const Model>> add(const Registration& registration, WallTime now);
  // Removes a model that a client registered, by any of its names. Errors: kModelNotFound;
  // kForbidden for a model of the configuration or of an upstream's list.
  Status remove(std::string_view name);

 private:
  struct Source {
    Catalog::Listed listed;
    bool is_known = false;  // the upstream has listed its models at least once
    ProviderHealth health;
    std::size_t conflicts = 0;  // of its names without a prefix, when they were last told of
  };
  struct Registered {
    std::shared_ptr<const Model> model;  // without upstream_id if it follows the list
    bool follows_list = false;
    std::size_t bytes = 0;  // that count towards server.limits.registered_bytes
    // Of a client's; its metadata is the model's.
    Registration asked = {};
    WallTime at = {};
  };

  // A model route that is shown.
  struct Routed {
    std::shared_ptr<const Model> model;
    bool is_known = false;  // from a registered model; else the provider's list may tell
  };

  Result<std::shared_ptr<const Model>> add_here(const Registration& registration, WallTime now);
  Status remove_here(std::string_view name);
  std::shared_ptr<Registry> successor() const;
  using List = std::shared_ptr<const ListedModels>;
  Models taken_models(std::size_t provider, const Models& models) const;
  List list_of(std::size_t provider, Models models) const;
  // Gives back the one before: that is freed when the mutex is free again.
  void replace_list_locked(std::size_t provider, List& list);
  std::vector<std::string> news_of_list_locked(std::size_t provider);
  Result<std::size_t> provider_of(const config::Model& wanted) const;
  Result<Registered> registered(const config::Model& wanted, WallTime now) const;
  std::vector<Registered> configured_models(WallTime now) const;
  std::vector<Routed> routed_models(WallTime now) const;
  // What is known about the first target, for the name of its route.
  std::shared_ptr<const Model> shown_locked(const Routed& route) const;
  // The first model of the type that the provider lists; null if none is known.
  const Model* followed_by(const Model& model) const;
  std::string why_pending(const Model& model) const;
  bool is_listed_locked(std::string_view id) const;
  Status has_room_locked(std::size_t bytes) const;
  // Empty if there is none of that name.
  std::string pending_id_of(std::string_view name) const;
  // Finds out again which models of lists are repeated, after this provider's list has changed.
  void note_repeated_locked(std::size_t provider);
  std::string new_conflict_of(std::size_t provider);
  void publish_locked();
  std::vector<std::string> newly_pending(std::size_t provider);

  const std::shared_ptr<const config::Settings> settings_;
  const Publish publish_;
  const KeyedHash hash_;  // of all names
  mutable std::mutex mutex_;
  std::vector<Registered> configured_;
  std::vector<Routed> routed_;
  std::vector<Registered> added_;
  std::size_t added_bytes_ = 0;
  std::vector<Source> sources_;  // by provider
  std::vector<PendingModel> pending_;
  std::unordered_set<std::string> reported_pending_;  // ids
  std::shared_ptr<const Catalog> catalog_;
  std::weak_ptr<Registry> successor_;  // that clients' registrations go to as well
};

}  // namespace penstock::models
