#pragma once

// Registry: what is known of models, and the one place where the catalog is made.
//
// Three sources, in this order: the configuration, the upstreams' lists as the refresher finds
// them, and clients that register models at run time. Any thread may call it; a mutex guards it,
// which no inference request ever takes: those read the catalog that was published to their
// thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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

  // The outcome of asking a provider's upstream. A failure keeps the models known before.
  void listed(std::size_t provider, std::vector<ListedModel> models, WallTime now);
  void list_failed(std::size_t provider, const Error& error);
  ProviderHealth health(std::size_t provider) const;

  // A model registered by a client (the reference's POST /v1/models up to 0.6).
  struct Registration {
    std::string model_id;
    std::optional<std::string> provider_model_id;
    std::optional<std::string> provider_id;
    std::optional<std::string> type;
    std::string metadata = "{}";
  };
  // Errors: kInvalidRequest (no such provider, not allowed, or the id is taken).
  Result<Model> add(const Registration& registration, WallTime now);
  // Fails with kModelNotFound. A model of an upstream's list comes back with the next refresh.
  Status remove(std::string_view id);

 private:
  struct Source {
    std::vector<Model> listed;
    ProviderHealth health;
  };

  std::optional<std::size_t> find_provider(std::string_view id) const;
  std::vector<Model> configured_models(WallTime now) const;
  void publish_locked();

  const std::shared_ptr<const config::Settings> settings_;
  const Publish publish_;
  mutable std::mutex mutex_;
  std::vector<Model> configured_;
  std::vector<Source> sources_;  // by provider
  std::vector<Model> added_;
  std::shared_ptr<const Catalog> catalog_;
};

}  // namespace penstock::models
