#include "routing/affinity.h"

#include <algorithm>
#include <bit>

#include "core/stable_hash.h"

namespace penstock::routing {
namespace {

// -log2(hash / 2^64) in units of 2^-kFractionBits, by integers alone: a logarithm of the machine's
// library might differ from another's in its last bit.
constexpr int kFractionBits = 30;

std::uint64_t negative_log2(std::uint64_t hash) {
  hash |= 1;
  const int zeros = std::countl_zero(hash);
  std::uint64_t mantissa = hash << zeros >> 32;  // from 1 to 2, as 1.31 bits
  std::uint64_t fraction = 0;
  for (int i = 0; i < kFractionBits; ++i) {
    mantissa = mantissa * mantissa >> 31;
    const bool is_two = (mantissa >> 32) != 0;
    if (is_two) mantissa >>= 1;
    fraction = fraction << 1 | static_cast<std::uint64_t>(is_two);
  }
  return (static_cast<std::uint64_t>(zeros + 1) << kFractionBits) - fraction;
}

struct Rank {
  std::uint64_t hash = 0;
  std::uint64_t weight = 1;

  // The smallest quotient of distance and weight wins. Distances fall where hashes grow.
  bool is_before(const Rank& other) const {
    if (weight == other.weight) return hash > other.hash;
    const std::uint64_t mine = negative_log2(hash) * other.weight;
    const std::uint64_t others = negative_log2(other.hash) * weight;
    return mine != others ? mine < others : hash > other.hash;
  }
};

// Distances have 37 bits: products of them and a weight fit.
constexpr std::uint64_t kWeightMax = std::uint64_t{1} << 26;

std::uint64_t weight_of(const ModelRoute::Member& member) {
  return std::clamp<std::uint64_t>(member.settings->weight, 1, kWeightMax);
}

bool is_overloaded(const ModelRoute& route, ModelRoute::Mask candidates, std::size_t member) {
  double all = 0;
  double weights = 0;
  for (ModelRoute::Mask rest = candidates; rest != 0; rest &= rest - 1) {
    const ModelRoute::Member& other =
        route.members()[static_cast<std::size_t>(std::countr_zero(rest))];
    all += other.target->in_flight();
    weights += static_cast<double>(weight_of(other));
  }
  const ModelRoute::Member& asked = route.members()[member];
  const double share = all * static_cast<double>(weight_of(asked)) / weights;
  return asked.target->in_flight() > 1.25 * share + 1;
}

}  // namespace

std::size_t preferred_member(const ModelRoute& route, ModelRoute::Mask candidates,
                             std::uint64_t key) {
  std::size_t best = 0;
  Rank best_rank;
  bool is_first = true;
  for (ModelRoute::Mask rest = candidates; rest != 0; rest &= rest - 1) {
    const auto index = static_cast<std::size_t>(std::countr_zero(rest));
    const ModelRoute::Member& member = route.members()[index];
    const Rank rank{stable_mix(stable_mix(key, member.target->hash()), key), weight_of(member)};
    if (is_first || rank.is_before(best_rank)) {
      best = index;
      best_rank = rank;
    }
    is_first = false;
  }
  return best;
}

std::size_t affine_member(const ModelRoute& route, ModelRoute::Mask candidates, std::uint64_t key) {
  const std::size_t preferred = preferred_member(route, candidates, key);
  std::size_t member = preferred;
  for (ModelRoute::Mask rest = candidates; is_overloaded(route, candidates, member);) {
    rest &= ~(ModelRoute::Mask{1} << member);
    if (rest == 0) return preferred;
    member = preferred_member(route, rest, key);
  }
  return member;
}

}  // namespace penstock::routing
