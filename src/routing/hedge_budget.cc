#include "routing/hedge_budget.h"

#include <algorithm>

namespace penstock::routing {
namespace {

std::uint32_t second_of(SteadyTime now) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

}  // namespace

void HedgeBudget::request_began(SteadyTime now) {
  count(requests_, second_of(now));
}

bool HedgeBudget::take(SteadyTime now, double max_percent) {
  const std::uint32_t second = second_of(now);
  const std::lock_guard lock(mutex_);
  const auto hedges = static_cast<double>(sum(hedges_, second));
  const auto requests = static_cast<double>(sum(requests_, second));
  if ((hedges + 1) * 100 > max_percent * requests) return false;
  count(hedges_, second);
  return true;
}

void HedgeBudget::count(Counts& counts, std::uint32_t second) {
  std::atomic<std::uint64_t>& slot = counts.at(second % kSeconds);
  std::uint64_t word = slot.load(std::memory_order_relaxed);
  std::uint64_t counted = 0;
  do {
    counted = (word >> 32) == second ? word + 1 : std::uint64_t{second} << 32 | 1;
  } while (!slot.compare_exchange_weak(word, counted, std::memory_order_relaxed));
}

std::uint64_t HedgeBudget::sum(const Counts& counts, std::uint32_t second) {
  std::uint64_t total = 0;
  for (const std::atomic<std::uint64_t>& slot : counts) {
    const std::uint64_t word = slot.load(std::memory_order_relaxed);
    const std::uint32_t age = second - static_cast<std::uint32_t>(word >> 32);
    if (age < kSeconds) total += word & 0xffffffff;
  }
  return total;
}

void HedgeBudget::add_sample(std::chrono::nanoseconds first_content) {
  const auto value = std::chrono::duration_cast<std::chrono::milliseconds>(first_content).count();
  const std::uint64_t index = sample_count_.fetch_add(1, std::memory_order_relaxed);
  samples_.at(index % kSamples)
      .store(static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, 0xffffffff)),
             std::memory_order_relaxed);
  const std::uint64_t samples = index + 1;
  if (samples == kSamplesMin || (samples > kSamplesMin && samples % kRecount == 0)) {
    recount(static_cast<std::size_t>(std::min<std::uint64_t>(samples, kSamples)));
  }
}

void HedgeBudget::recount(std::size_t samples) {
  std::array<std::uint32_t, kSamples> values{};
  for (std::size_t i = 0; i < samples; ++i) {
    values.at(i) = samples_.at(i).load(std::memory_order_relaxed);
  }
  // The nearest rank: the smallest value that 95 % of the samples do not exceed.
  const auto rank = values.begin() + static_cast<std::ptrdiff_t>((samples * 95 + 99) / 100 - 1);
  std::nth_element(values.begin(), rank, values.begin() + static_cast<std::ptrdiff_t>(samples));
  p95_.store(std::max(*rank, static_cast<std::uint32_t>(kDelayMin.count())),
             std::memory_order_relaxed);
}

std::optional<std::chrono::milliseconds> HedgeBudget::p95() const {
  const std::uint32_t value = p95_.load(std::memory_order_relaxed);
  if (value == 0) return std::nullopt;
  return std::chrono::milliseconds{value};
}

}  // namespace penstock::routing
