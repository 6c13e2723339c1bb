#pragma once

// A histogram of durations with fixed buckets from 1 ms to 10 min: a cached embedding and a long
// reasoning stream fall into the same family.
//
// Written by one thread and read by any (telemetry/counter.h). The count is the sum of the buckets,
// so that a scrape never sees a count that disagrees with them; the sum of the durations may belong
// to a slightly later moment.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "telemetry/counter.h"

namespace penstock::telemetry {

// The inclusive upper bound of a bucket, and its text in seconds.
struct BucketBound {
  std::chrono::microseconds upper;
  std::string_view seconds;
};

inline constexpr std::array kBucketBounds = {
    BucketBound{std::chrono::milliseconds(1), "0.001"},
    BucketBound{std::chrono::milliseconds(2), "0.002"},
    BucketBound{std::chrono::milliseconds(5), "0.005"},
    BucketBound{std::chrono::milliseconds(10), "0.01"},
    BucketBound{std::chrono::milliseconds(20), "0.02"},
    BucketBound{std::chrono::milliseconds(50), "0.05"},
    BucketBound{std::chrono::milliseconds(100), "0.1"},
    BucketBound{std::chrono::milliseconds(200), "0.2"},
    BucketBound{std::chrono::milliseconds(500), "0.5"},
    BucketBound{std::chrono::seconds(1), "1"},
    BucketBound{std::chrono::seconds(2), "2"},
    BucketBound{std::chrono::seconds(5), "5"},
    BucketBound{std::chrono::seconds(10), "10"},
    BucketBound{std::chrono::seconds(20), "20"},
    BucketBound{std::chrono::seconds(30), "30"},
    BucketBound{std::chrono::seconds(60), "60"},
    BucketBound{std::chrono::seconds(120), "120"},
    BucketBound{std::chrono::seconds(300), "300"},
    BucketBound{std::chrono::seconds(600), "600"},
};

// One more, without upper bound: "+Inf".
inline constexpr std::size_t kBucketCount = kBucketBounds.size() + 1;

// What a scrape has read, possibly the sum of several histograms. Buckets are not cumulative here.
struct HistogramValues {
  std::array<std::uint64_t, kBucketCount> buckets{};
  std::uint64_t sum_microseconds = 0;

  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const std::uint64_t bucket : buckets) total += bucket;
    return total;
  }
};

class Histogram {
 public:
  // By the owning thread only. A negative duration counts as 0.
  void observe(std::chrono::microseconds duration) {
    duration = std::max(duration, std::chrono::microseconds(0));
    buckets_[bucket_of(duration)].add();
    sum_microseconds_.add(static_cast<std::uint64_t>(duration.count()));
  }

  void add_to(HistogramValues& values) const {
    for (std::size_t i = 0; i < kBucketCount; ++i) values.buckets[i] += buckets_[i].value();
    values.sum_microseconds += sum_microseconds_.value();
  }

 private:
  static std::size_t bucket_of(std::chrono::microseconds duration) {
    std::size_t bucket = 0;
    while (bucket < kBucketBounds.size() && duration > kBucketBounds[bucket].upper) ++bucket;
    return bucket;
  }

  std::array<Counter, kBucketCount> buckets_;
  Counter sum_microseconds_;
};

}  // namespace penstock::telemetry
