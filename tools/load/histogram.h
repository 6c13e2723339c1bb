#pragma once

// Histogram: counts of values by size, in buckets whose width grows with the value.
//
// Each power of two is divided into 128 buckets, so that a quantile is within 0.4 % of the recorded
// value, over the whole range of 64 bits and without configuration. Recording costs an increment
// and allocates nothing. Values have no unit here; penstock-load records nanoseconds. Not shared
// between threads.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock::load {

class Histogram {
 public:
  Histogram() : buckets_(kBuckets) {}

  void record(std::uint64_t value) {
    ++buckets_[bucket_of(value)];
    ++count_;
    sum_ += static_cast<double>(value);
    smallest_ = std::min(smallest_, value);
    largest_ = std::max(largest_, value);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t smallest() const { return count_ == 0 ? 0 : smallest_; }
  std::uint64_t largest() const { return largest_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

  // The value that the share `q` of all values, 0 to 1, does not exceed; 0 if there is none. The
  // middle of its bucket, but never outside the recorded range.
  std::uint64_t quantile(double q) const {
    if (count_ == 0) return 0;
    const double exact_rank = std::ceil(q * static_cast<double>(count_));
    const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact_rank), 1, count_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen >= rank) return std::clamp(middle_of(i), smallest_, largest_);
    }
    return largest_;
  }

  // How many values are in the buckets from that of `low` to that of `high`, inclusive.
  std::uint64_t count_between(std::uint64_t low, std::uint64_t high) const {
    std::uint64_t seen = 0;
    for (std::size_t i = bucket_of(low); i <= bucket_of(high); ++i) seen += buckets_[i];
    return seen;
  }

 private:
  // A value of more than kPrecision + 1 bits keeps its first kPrecision + 1 bits: the shift that
  // removes the others, together with what is left, selects the bucket.
  static constexpr int kPrecision = 7;
  static constexpr std::uint64_t kPerPower = std::uint64_t{1} << kPrecision;
  static constexpr std::size_t kBuckets = (64 - kPrecision + 1) * kPerPower;

  static std::size_t bucket_of(std::uint64_t value) {
    const int shift = shift_of(std::bit_width(value));
    return static_cast<std::size_t>(shift) * kPerPower + (value >> shift);
  }

  static constexpr int shift_of(int bits) { return std::max(0, bits - kPrecision - 1); }

  static std::uint64_t middle_of(std::size_t bucket) {
    if (bucket < 2 * kPerPower) return bucket;
    const std::size_t shift = bucket / kPerPower - 1;
    const std::uint64_t kept = bucket % kPerPower + kPerPower;
    return (kept << shift) + (std::uint64_t{1} << shift) / 2;
  }

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t smallest_ = UINT64_MAX;
  std::uint64_t largest_ = 0;
  double sum_ = 0;
};

}  // namespace penstock::load
