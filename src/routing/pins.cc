#include "routing/pins.h"

#include <algorithm>
#include <utility>

namespace penstock::routing {

Pins::Pins(const Limits& limits, std::uint64_t bucket_key)
    : entries_max_(std::max<std::size_t>(limits.bytes / kEntryBytes / limits.shards, 1)),
      ttl_(limits.ttl) {
  shards_.reserve(limits.shards);
  for (std::size_t i = 0; i < limits.shards; ++i) {
    shards_.push_back(std::make_unique<Shard>(bucket_key));
  }
}

Pins::Shard& Pins::shard_of(const StableDigest& id) {
  return *shards_[id.high % shards_.size()];
}

void Pins::remember(const StableDigest& id, std::shared_ptr<const PinnedTarget> target,
                    SteadyTime now) {
  Shard& shard = shard_of(id);
  const SteadyTime until = now + std::chrono::duration_cast<SteadyTime::duration>(ttl_);
  const std::lock_guard lock(shard.mutex);
  if (const auto known = shard.places.find(id); known != shard.places.end()) {
    Entry& entry = *known->second;
    std::swap(entry.target, target);
    entry.until = until;
    shard.entries.splice(shard.entries.begin(), shard.entries, known->second);
    return;
  }
  if (shard.entries.size() == entries_max_) {
    // The memory of the one that is forgotten serves the new one.
    shard.places.erase(shard.entries.back().id);
    shard.entries.splice(shard.entries.begin(), shard.entries, std::prev(shard.entries.end()));
    shard.entries.front() = {id, std::move(target), until};
  } else {
    shard.entries.push_front({id, std::move(target), until});
  }
  shard.places.emplace(id, shard.entries.begin());
}

std::shared_ptr<const PinnedTarget> Pins::find(const StableDigest& id, SteadyTime now) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  const auto known = shard.places.find(id);
  if (known == shard.places.end()) return nullptr;
  if (known->second->until <= now) {
    shard.entries.erase(known->second);
    shard.places.erase(known);
    return nullptr;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, known->second);
  return known->second->target;
}

std::size_t Pins::size() const {
  std::size_t size = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    size += shard->entries.size();
  }
  return size;
}

std::shared_ptr<const PinnedTarget> Pins::target(std::string_view provider_id,
                                                 std::string_view model) {
  std::pair key{std::string(provider_id), std::string(model)};
  const std::lock_guard lock(targets_mutex_);
  if (const auto known = targets_.find(key); known != targets_.end()) {
    if (std::shared_ptr<const PinnedTarget> target = known->second.lock()) return target;
  }
  if (targets_.size() >= kTargetsMax) {
    std::erase_if(targets_, [](const auto& entry) { return entry.second.expired(); });
  }
  // Providers are those of the configuration.
  if (targets_.size() >= kTargetsMax) key.second.clear();
  std::weak_ptr<const PinnedTarget>& kept = targets_[key];
  std::shared_ptr<const PinnedTarget> target = kept.lock();
  if (target == nullptr) {
    target = std::make_shared<const PinnedTarget>(PinnedTarget{key.first, key.second});
    kept = target;
  }
  return target;
}

}  // namespace penstock::routing
