#pragma once

// Store: the objects that requests create and later requests ask for, in memory.
//
// Shared by all threads; each shelf has a lock. A shelf keeps the newest objects only.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "sim/answers.h"
#include "sim/json.h"

namespace penstock::sim {

template <class Value>
class Shelf {
 public:
  static constexpr std::size_t kValuesMax = 1000;

  void put(const std::string& id, Value value) {
    const std::lock_guard lock(mutex_);
    if (values_.insert_or_assign(id, std::move(value)).second) order_.push_back(id);
    if (order_.size() <= kValuesMax) return;
    values_.erase(order_.front());
    order_.pop_front();
  }
  std::optional<Value> get(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(id);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }
  // Changes a value in place, and returns what it is then.
  template <class Change>
  std::optional<Value> change(const std::string& id, const Change& change) {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(id);
    if (found == values_.end()) return std::nullopt;
    change(found->second);
    return found->second;
  }
  bool erase(const std::string& id) {
    const std::lock_guard lock(mutex_);
    if (values_.erase(id) == 0) return false;
    std::erase(order_, id);
    return true;
  }
  // The oldest first.
  std::vector<Value> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<Value> all;
    for (const std::string& id : order_) all.push_back(values_.at(id));
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Value> values_;
  std::deque<std::string> order_;
};

struct KeptResponse {
  Json request;
  AnswerPlan plan;
  Json input_items;
  SteadyTime done_at{};  // in progress until then
  bool cancelled = false;
};

struct KeptConversation {
  Json object;
  Json items = Json::array();
};

struct KeptBatch {
  Json object;
  Json counts;          // of its requests, when it has ended
  std::string results;  // JSON lines
};

struct Store {
  Shelf<KeptResponse> responses;
  Shelf<KeptConversation> conversations;
  Shelf<KeptBatch> batches;
  Shelf<Json> fine_tuning_jobs;
  Shelf<Json> evals;

  // For ids of objects that do not follow from their request.
  std::uint64_t next_number() { return numbers_.fetch_add(1) + 1; }

 private:
  std::atomic<std::uint64_t> numbers_{0};
};

}  // namespace penstock::sim
