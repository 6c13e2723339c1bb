#pragma once

// Pins: which target has what an id names, or can open what is sealed (wire/bodies/pinned_ids.h).
//
// A bounded table that all threads share. What was used last is kept: at most so many bytes, for at
// most so long after it was remembered. The tables of several shards have a mutex each, which is
// held for a look-up and nothing else. The time is passed in.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/stable_hash.h"

namespace penstock::routing {

// Who has it. Shared by all entries that lead to it, and not bound to a configuration.
struct PinnedTarget {
  std::string provider_id;
  std::string model;  // empty: any model of the provider
};

class Pins {
 public:
  struct Limits {
    std::size_t bytes = 64 * 1024 * 1024;
    std::chrono::nanoseconds ttl = std::chrono::hours(24);
    std::size_t shards = 16;
  };
  // What an entry takes, about: two nodes, and its part of a table.
  static constexpr std::size_t kEntryBytes = 128;

  // `bucket_key` is random: it decides only about buckets, so that nobody can choose ids that share
  // one.
  Pins(const Limits& limits, std::uint64_t bucket_key);
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;

  // Replaces what was known of it.
  void remember(const StableDigest& id, std::shared_ptr<const PinnedTarget> target, SteadyTime now);
  // Null: it is not known, or no longer.
  std::shared_ptr<const PinnedTarget> find(const StableDigest& id, SteadyTime now);

  std::size_t size() const;

  // The one object for that target. There are at most kTargetsMax of them at a time: of a further
  // model, the provider alone is known, since clients may choose the names of models.
  std::shared_ptr<const PinnedTarget> target(std::string_view provider_id, std::string_view model);
  static constexpr std::size_t kTargetsMax = 512;

 private:
  struct Entry {
    StableDigest id;
    std::shared_ptr<const PinnedTarget> target;
    SteadyTime until;
  };
  using Entries = std::list<Entry>;  // the last used first
  struct Bucket {
    std::uint64_t key;
    std::size_t operator()(const StableDigest& id) const {
      return stable_mix(id.high ^ key, id.low);
    }
  };
  struct Shard {
    explicit Shard(std::uint64_t bucket_key) : places(0, Bucket{bucket_key}) {}

    mutable std::mutex mutex;
    Entries entries;
    std::unordered_map<StableDigest, Entries::iterator, Bucket> places;
  };

  using Targets =
      std::map<std::pair<std::string, std::string>, std::weak_ptr<const PinnedTarget>, std::less<>>;

  Shard& shard_of(const StableDigest& id);

  const std::size_t entries_max_;  // of a shard
  const std::chrono::nanoseconds ttl_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::mutex targets_mutex_;
  Targets targets_;
};

}  // namespace penstock::routing
