#pragma once

// `prices`: what models cost.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace penstock::config {

// What becomes of a request for a model without a price, if its key has a limit on cost.
enum class Unpriced : std::uint8_t {
  kRefuse,
  kAllow,     // it costs nothing
  kEstimate,  // it costs as much as the dearest model that is served and has a price
};

// One of prices.override[], in micro-dollars for a million tokens, which are pico-dollars for one.
struct OwnPrice {
  std::string model;  // the upstream's name of it, or PROVIDER/NAME
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::optional<std::int64_t> cached_input = {};    // nullopt: as input
  std::optional<std::int64_t> cache_write = {};     // likewise
  std::optional<std::int64_t> cache_write_1h = {};  // nullopt: as cache_write
};

struct Prices {
  std::string file;  // empty: the installed one, if there is one
  std::vector<OwnPrice> own;
  Unpriced unpriced = Unpriced::kAllow;
};

}  // namespace penstock::config
