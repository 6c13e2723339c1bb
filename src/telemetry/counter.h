#pragma once

// Numbers that one thread writes and any thread reads.
//
// With a single writer, an increment is a load, an add and a store of a relaxed atomic: no locked
// instruction, the same machine code as for an ordinary integer, and no data race with the reader.
// A reader may see a slightly old value, and two numbers from different moments.

#include <atomic>
#include <cstdint>

namespace penstock::telemetry {

class Counter {
 public:
  // By the owning thread only.
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  // By the owning thread only.
  void add(std::int64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }

  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

}  // namespace penstock::telemetry
