#pragma once

// Registry: what is known of models, and the one place where the catalog is made.
//
// Three sources, in this order: the configuration, clients that register models at run time, and
// the upstreams' lists as the refresher finds them. What is registered comes before what is listed,
// in the order of registration. Names follow one rule (config/model_name.h). Any thread may call
// it; a mutex guards it, which no inference request ever takes: those read the catalog that was
// published to their thread.

#include <cstdint>
#include <functional>
#include <map>
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
#include "models/listing.h"

namespace penstock::models {

// How a provider's upstream was found when it was last asked for its models.
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

  // A model of a provider's list as a catalog has it; null where the allow-list leaves it out.
  std::shared_ptr<const Model> listed_model(std::size_t provider, ListedModel listed,
                                            WallTime now) const;

  // The outcome of asking a provider's upstream; `models` are of listed_model(), none of them null.
  // A failure keeps the models known before. Gives back a line for the log for each registered
  // model that follows the list and leads nowhere now, once until it does again.
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
  // Errors: kInvalidRequest (no such provider, not allowed, the id is taken, nothing in the
  // provider's list to follow, or a limit on the models of clients); kBodyTooLarge for metadata.
  Result<std::shared_ptr<const Model>> add(const Registration& registration, WallTime now);
  // Of what clients have registered, by any of its names. Errors: kModelNotFound; kForbidden for a
  // model of the configuration or of an upstream's list.
  Status remove(std::string_view name);

 private:
  struct Source {
    Models listed;
    std::map<std::string_view, const Model*> first_of_type;  // of those
    bool is_known = false;  // the upstream has listed its models at least once
    ProviderHealth health;
  };
  struct Registered {
    std::shared_ptr<const Model> model;  // without upstream_id where it follows the list
    bool follows_list = false;
    std::size_t bytes = 0;  // that count towards server.limits.registered_bytes
  };

  Result<std::size_t> provider_of(const config::Model& wanted) const;
  Result<Registered> registered(const config::Model& wanted, WallTime now) const;
  std::vector<Registered> configured_models(WallTime now) const;
  // The first of the type that the provider lists; null where none is known.
  const Model* followed_by(const Model& model) const;
  std::string why_pending(const Model& model) const;
  bool is_listed_locked(std::string_view id) const;
  Status has_room_locked(std::size_t bytes) const;
  // Empty: none of that name.
  std::string pending_id_of(std::string_view name) const;
  void publish_locked();
  std::vector<std::string> newly_pending(std::size_t provider);

  const std::shared_ptr<const config::Settings> settings_;
  const Publish publish_;
  mutable std::mutex mutex_;
  std::vector<Registered> configured_;
  std::vector<Registered> added_;
  std::size_t added_bytes_ = 0;
  std::vector<Source> sources_;  // by provider
  std::vector<PendingModel> pending_;
  std::unordered_set<std::string> reported_pending_;  // ids
  std::shared_ptr<const Catalog> catalog_;
};

}  // namespace penstock::models
