#pragma once

// What the use of one model costs.
//
// Prices are whole pico-dollars (config/money.h) for one token, second, search or request; sums are
// exact, and rounded up to micro-dollars once, at the end. Immutable: shared by threads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "wire/apis/usage.h"

namespace penstock::prices {

// What has a price of its own.
enum class Item : std::uint8_t {
  kInput,
  kCachedInput,
  kCacheWrite,    // kept for some minutes
  kCacheWrite1h,  // kept for an hour
  kInputAudio,
  kInputImage,
  kOutput,
  kReasoning,
  kOutputAudio,
  kOutputImage,
  kSecond,   // of audio, where no tokens are counted
  kSearch,   // of the web
  kQuery,    // of a reranker: at least one for each request
  kRequest,  // each, whatever it uses
};
inline constexpr std::size_t kItems = 14;

using Rates = std::array<std::int64_t, kItems>;
// Nullopt: not stated.
using StatedRates = std::array<std::optional<std::int64_t>, kItems>;

// The prices of requests with more input tokens than `above`: of the whole of each.
struct StatedBand {
  std::uint64_t above = 0;
  std::array<StatedRates, wire::kServiceTiers> tiers = {};
};

class Price {
 public:
  struct Band {
    std::uint64_t above = 0;
    std::array<Rates, wire::kServiceTiers> tiers = {};
  };

  // Nullopt if nothing is stated that has a price. What is not stated costs as much as
  // - below the band, and in the standard tier; if both are stated, the dearer of the two;
  // - else what it is a part of: cached input as input, reasoning as output.
  static std::optional<Price> of(std::vector<StatedBand> stated);

  const Rates& rates(std::uint64_t input_tokens, wire::ServiceTier tier) const;
  // By `above`, ascending; the first is above 0, which here includes 0.
  const std::vector<Band>& bands() const { return bands_; }

  friend bool operator==(const Price& a, const Price& b);

 private:
  std::vector<Band> bands_;
};

// Micro-dollars, saturating. Nullopt if the usage states nothing that could be charged.
std::optional<std::int64_t> cost(const Price& price, const wire::Usage& usage);

// The same of a request that has not been answered yet, in the standard tier.
std::int64_t estimated_cost(const Price& price, std::uint64_t input_tokens,
                            std::uint64_t output_tokens);

}  // namespace penstock::prices
