#include "models/nearest_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <ranges>

#include "core/text.h"

namespace penstock::models {
namespace {

// Longer names are compared only as a whole.
constexpr std::size_t kComparedBytesMax = 128;
constexpr std::size_t kDistanceMax = 3;
// The total number of cells in the tables of edit distances.
constexpr std::size_t kCellsMax = 400'000;
// The total work of comparing whole names, in bytes that are compared ignoring case: about a
// nanosecond each. Looking at a model's names costs as much as several of them.
constexpr std::size_t kWorkMax = 8'000'000;
constexpr std::size_t kModelWork = 60;

constexpr std::size_t kFar = std::numeric_limits<std::size_t>::max();

std::string_view after_first_slash(std::string_view name) {
  const std::size_t slash = name.find('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

// Compares whole names, and counts the work.
class Equality {
 public:
  bool same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    work_ += a.size() / 8;
    return a == b;
  }
  bool same_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    work_ += a.size();
    return equals_ignoring_case(a, b);
  }
  void count_model() { work_ += kModelWork; }
  bool is_spent() const { return work_ > kWorkMax; }

 private:
  std::size_t work_ = 0;
};

// The edit distance of two texts, if it is at most `most`. Only the diagonals that can stay within
// it are computed, and no more rows than that takes.
class Comparison {
 public:
  std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
    if (std::max(a.size(), b.size()) > kComparedBytesMax) return kFar;
    if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return kFar;
    std::array<std::size_t, kComparedBytesMax + 1> row;
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const std::size_t first = i > most ? i - most : 1;
      const std::size_t last = std::min(b.size(), i + most);
      std::size_t diagonal = row[first - 1];
      row[first - 1] = first == 1 ? i : kDistanceMax + 1;
      std::size_t least = row[first - 1];
      for (std::size_t j = first; j <= last; ++j) {
        const std::size_t above = j == i + most ? kDistanceMax + 1 : row[j];
        const std::size_t changed = diagonal + (to_lower(a[i - 1]) == to_lower(b[j - 1]) ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({changed, above + 1, row[j - 1] + 1});
        least = std::min(least, row[j]);
      }
      cells_ += last - first + 1;
      if (least > most) return kFar;
    }
    return row[b.size()] <= most ? row[b.size()] : kFar;
  }
  bool is_spent() const { return cells_ > kCellsMax; }

 private:
  std::size_t cells_ = 0;
};

}  // namespace

const Model* nearest_model(ModelsInParts models, std::string_view name) {
  if (name.empty()) return nullptr;
  const std::string_view bare = after_first_slash(name);
  // A short name is near to too many others.
  const auto most_of = [](std::string_view text) {
    return std::min(kDistanceMax, text.size() / 4);
  };
  Equality equality;
  Comparison comparison;
  const Model* best = nullptr;
  // Smaller is nearer: 0 for another prefix, 1 for another case, then 2 plus the distance.
  std::size_t best_rank = kFar;
  const auto take = [&](const Model& model, std::size_t rank) {
    if (rank >= best_rank) return;
    best = &model;
    best_rank = rank;
  };
  for (const std::shared_ptr<const Model>& each : models | std::views::join) {
    if (equality.is_spent()) break;
    equality.count_model();
    const Model& model = *each;
    const std::string_view own = after_first_slash(model.id);
    const bool has_part = own.size() > name.size() && own[own.size() - name.size() - 1] == '/';
    const std::string_view part = has_part ? own.substr(own.size() - name.size()) : own;
    if (equality.same(own, bare) || equality.same(model.upstream_id, name) ||
        equality.same(part, name)) {
      return &model;
    }
    if (best_rank == 1) continue;
    // The last pair would be the first one again.
    const bool is_repeated = !has_part && bare.size() == name.size();
    if (equality.same_ignoring_case(own, bare) || equality.same_ignoring_case(model.id, name) ||
        (!is_repeated && equality.same_ignoring_case(part, name))) {
      take(model, 1);
    } else if (!comparison.is_spent()) {
      const std::size_t whole = comparison.distance(name, own, most_of(name));
      const std::size_t without_prefix = comparison.distance(bare, own, most_of(bare));
      const std::size_t distance = std::min(whole, without_prefix);
      if (distance != kFar) take(model, 2 + distance);
    }
  }
  return best;
}

}  // namespace penstock::models
