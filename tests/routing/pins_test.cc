#include "routing/pins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace penstock::routing {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

StableDigest id(std::uint64_t number) {
  return stable_digest(std::to_string(number));
}

std::shared_ptr<const PinnedTarget> target(std::string provider_id) {
  return std::make_shared<PinnedTarget>(PinnedTarget{std::move(provider_id), "m"});
}

TEST(Pins, RememberForADay) {
  Pins pins({}, 1);
  const auto a = target("a");
  pins.remember(id(1), a, kStart);
  EXPECT_EQ(pins.find(id(1), kStart + 24h - 1ns), a);
  EXPECT_EQ(pins.find(id(2), kStart), nullptr);
  EXPECT_EQ(pins.find(id(1), kStart + 24h), nullptr);
  EXPECT_EQ(pins.size(), 0U);
}

TEST(Pins, LeadToWhereTheIdWasSeenLast) {
  Pins pins({}, 1);
  const auto b = target("b");
  pins.remember(id(1), target("a"), kStart);
  pins.remember(id(1), b, kStart + 10h);
  EXPECT_EQ(pins.find(id(1), kStart + 30h), b);
  EXPECT_EQ(pins.size(), 1U);
}

TEST(Pins, TakeNoMoreThanTheirBytes) {
  Pins pins({.bytes = 64 * 1024}, 1);
  const auto a = target("a");
  for (std::uint64_t i = 0; i < 10'000; ++i) pins.remember(id(i), a, kStart);
  EXPECT_LE(pins.size(), 64U * 1024 / Pins::kEntryBytes);
  EXPECT_GT(pins.size(), 64U * 1024 / Pins::kEntryBytes * 9 / 10);
  EXPECT_EQ(pins.find(id(9'999), kStart), a);
  // Those that were forgotten hold their target no more.
  EXPECT_EQ(static_cast<std::size_t>(a.use_count()), pins.size() + 1);
}

// A list in the order of use, searched from its front.
class PlainPins {
 public:
  PlainPins(std::size_t entries_max, std::chrono::nanoseconds ttl)
      : entries_max_(entries_max), ttl_(ttl) {}

  void remember(std::uint64_t number, const std::shared_ptr<const PinnedTarget>& target,
                SteadyTime now) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.number == number; });
    entries_.insert(entries_.begin(), {number, target, now + ttl_});
    if (entries_.size() > entries_max_) entries_.pop_back();
  }

  std::shared_ptr<const PinnedTarget> find(std::uint64_t number, SteadyTime now) {
    const auto found = std::ranges::find(entries_, number, &Entry::number);
    if (found == entries_.end()) return nullptr;
    const Entry entry = *found;
    entries_.erase(found);
    if (entry.until <= now) return nullptr;
    entries_.insert(entries_.begin(), entry);
    return entry.target;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t number;
    std::shared_ptr<const PinnedTarget> target;
    SteadyTime until;
  };
  const std::size_t entries_max_;
  const std::chrono::nanoseconds ttl_;
  std::vector<Entry> entries_;
};

TEST(Pins, AreThoseOfAPlainListInTheOrderOfUse) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    const std::size_t entries_max = 1 + random.next() % 40;
    const std::chrono::nanoseconds ttl{1 + random.next() % 400};
    Pins pins({.bytes = entries_max * Pins::kEntryBytes, .ttl = ttl, .shards = 1}, seed);
    PlainPins plain(entries_max, ttl);
    const std::vector targets = {target("a"), target("b"), target("c")};
    SteadyTime now = kStart;
    for (int step = 0; step < 5'000; ++step) {
      now += std::chrono::nanoseconds(random.next() % 3);
      const std::uint64_t number = random.next() % 60;
      if (random.next() % 2 == 0) {
        const auto& chosen = targets[random.next() % targets.size()];
        pins.remember(id(number), chosen, now);
        plain.remember(number, chosen, now);
      } else {
        ASSERT_EQ(pins.find(id(number), now), plain.find(number, now)) << seed << ", " << step;
      }
      ASSERT_EQ(pins.size(), plain.size()) << seed << ", " << step;
    }
  }
}

TEST(Pins, KeepOneObjectForEachTarget) {
  Pins pins({}, 1);
  const auto a = pins.target("a", "m");
  EXPECT_EQ(pins.target("a", "m"), a);
  EXPECT_NE(pins.target("a", "n"), a);
  EXPECT_EQ(a->provider_id, "a");
  EXPECT_EQ(a->model, "m");
}

TEST(Pins, KnowOfTooManyModelsTheirProviderAlone) {
  Pins pins({}, 1);
  std::vector<std::shared_ptr<const PinnedTarget>> kept;
  for (std::size_t i = 0; i < Pins::kTargetsMax; ++i) {
    kept.push_back(pins.target("a", "m" + std::to_string(i)));
  }
  const auto further = pins.target("a", "another");
  EXPECT_EQ(further->model, "");
  EXPECT_EQ(pins.target("a", "yet another"), further);
  EXPECT_EQ(pins.target("a", "m7"), kept[7]);
  kept.clear();
  EXPECT_EQ(pins.target("a", "another")->model, "another");
}

TEST(Pins, AreSharedByThreads) {
  Pins pins({.bytes = 100 * Pins::kEntryBytes, .shards = 4}, 1);
  const auto a = target("a");
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      SeededRandom random(thread);
      for (int i = 0; i < 20'000; ++i) {
        const StableDigest any = id(random.next() % 200);
        if (random.next() % 2 == 0) {
          pins.remember(any, a, kStart);
        } else if (const auto found = pins.find(any, kStart)) {
          EXPECT_EQ(found, a);
        }
      }
    });
  }
  threads.clear();
  EXPECT_LE(pins.size(), 100U);
  EXPECT_EQ(static_cast<std::size_t>(a.use_count()), pins.size() + 1);
}

}  // namespace
}  // namespace penstock::routing
