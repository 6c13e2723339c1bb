#include "store/usage_files.h"

#include <algorithm>
#include <string>
#include <vector>

#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::days;
using testing::hours;
using testing::kNoon;
using testing::minutes;
using testing::row_of;

using Rows = std::vector<UsageRow>;

class StoredUsage : public testing::StoreTest {
 protected:
  Rows all() { return *store().usage({}, 100); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder())) {
      const std::string name = each.path().filename();
      if (name.starts_with("usage-")) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }
};

UsageRow row_with(std::uint64_t sequence, WallTime began, const std::string& model,
                  std::vector<std::string> tags = {}) {
  UsageRow row = row_of(sequence, began);
  row.model = model;
  row.tags = std::move(tags);
  return row;
}

TEST_F(StoredUsage, IsGivenBackAsItWasAppended) {
  UsageRow full = row_of(1);
  full.charges = {{.owner = "key",
                   .budget = "day",
                   .window_began = kNoon - hours(1),
                   .amount = 700,
                   .reserved = 900},
                  {.owner = "team",
                   .budget = "month",
                   .window_began = kNoon - days(3),
                   .amount = 700,
                   .reserved = 900}};
  full.estimated = true;
  full.error = "upstream_timeout";
  UsageRow bare;
  bare.sequence = 2;
  bare.began = bare.reserved_at = kNoon;
  ASSERT_TRUE(store().append(Rows{full, bare}));
  open();
  EXPECT_EQ(all(), (Rows{bare, full}));
  EXPECT_EQ(*store().last_sequence(), 2U);
}

TEST_F(StoredUsage, IsAppendedOnceEvenIfItIsTriedAgain) {
  ASSERT_TRUE(store().append(Rows{row_of(1)}));
  ASSERT_TRUE(store().append(Rows{row_of(1), row_of(2)}));
  EXPECT_EQ(all().size(), 2U);
  EXPECT_EQ(store().sums({}, {})->at(0).requests, 2);
}

TEST_F(StoredUsage, HasAFileForEachDay) {
  ASSERT_TRUE(
      store().append(Rows{row_of(1), row_of(2, kNoon + hours(11)), row_of(3, kNoon + hours(12))}));
  store_.reset();
  EXPECT_EQ(files(), (std::vector<std::string>{"usage-2026-01-31.db", "usage-2026-02-01.db"}));
}

TEST_F(StoredUsage, IsFoundByTimeOwnerModelAndProvider) {
  Rows rows = {row_with(1, kNoon, "gpt"), row_with(2, kNoon + hours(1), "claude"),
               row_with(3, kNoon + days(1), "gpt")};
  rows[1].owners = {"other"};
  rows[2].provider = "azure";
  ASSERT_TRUE(store().append(rows));
  EXPECT_EQ(*store().usage({.from = kNoon + hours(1)}, 9), (Rows{rows[2], rows[1]}));
  EXPECT_EQ(*store().usage({.until = kNoon + hours(1)}, 9), Rows{rows[0]});
  EXPECT_EQ(*store().usage({.owner = "team"}, 9), (Rows{rows[2], rows[0]}));
  EXPECT_EQ(*store().usage({.owner = "' OR 1=1 --"}, 9), Rows{});
  EXPECT_EQ(*store().usage({.model = "claude"}, 9), Rows{rows[1]});
  EXPECT_EQ(*store().usage({.provider = "azure"}, 9), Rows{rows[2]});
  EXPECT_EQ(*store().usage({}, 2), (Rows{rows[2], rows[1]}));
}

TEST_F(StoredUsage, IsSummedAcrossDays) {
  Rows rows = {row_with(1, kNoon, "gpt"), row_with(2, kNoon + minutes(1), "gpt"),
               row_with(3, kNoon + days(1), "gpt"), row_with(4, kNoon + days(1), "claude")};
  rows[1].status = 500;
  rows[2].cost.reset();
  ASSERT_TRUE(store().append(rows));
  const std::vector<UsageGroup> by_model = {UsageGroup::kModel};
  const std::vector<UsageSum> sums = *store().sums({}, by_model);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].group, std::vector<std::string>{"claude"});
  EXPECT_EQ(sums[1].group, std::vector<std::string>{"gpt"});
  EXPECT_EQ(sums[1].requests, 3);
  EXPECT_EQ(sums[1].errors, 1);
  EXPECT_EQ(sums[1].input, 300);
  EXPECT_EQ(sums[1].cached, 30);
  EXPECT_EQ(sums[1].output, 60);
  EXPECT_EQ(sums[1].cost, 2'000);
  EXPECT_EQ(sums[1].unpriced, 1);
  const std::vector<UsageGroup> by_day = {UsageGroup::kDay, UsageGroup::kTeam};
  EXPECT_EQ(store().sums({}, by_day)->at(1).group,
            (std::vector<std::string>{"2026-02-01", "team"}));
}

// Hours do not tell tags, nor times within an hour.
TEST_F(StoredUsage, IsSummedByTagAndWithinAnHour) {
  ASSERT_TRUE(
      store().append(Rows{row_with(1, kNoon, "gpt", {"a", "b"}), row_with(2, kNoon, "gpt", {"b"}),
                          row_with(3, kNoon, "gpt"), row_with(4, kNoon + minutes(1), "gpt")}));
  const std::vector<UsageGroup> by_tag = {UsageGroup::kTag};
  const std::vector<UsageSum> sums = *store().sums({}, by_tag);
  ASSERT_EQ(sums.size(), 3U);
  EXPECT_EQ(sums[0].group, std::vector<std::string>{""});
  EXPECT_EQ(sums[0].requests, 2);
  EXPECT_EQ(sums[2].group, std::vector<std::string>{"b"});
  EXPECT_EQ(sums[2].requests, 2);
  EXPECT_EQ(store().sums({.until = kNoon + minutes(1)}, {})->at(0).requests, 3);
}

TEST_F(StoredUsage, NamesKeysOfTheConfigurationThatHaveNoId) {
  UsageRow row = row_of(1);
  row.key.clear();
  ASSERT_TRUE(store().append(Rows{row, row_of(2)}));
  const std::vector<UsageGroup> by_key = {UsageGroup::kKey};
  const std::vector<UsageSum> sums = *store().sums({}, by_key);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].group, std::vector<std::string>{"alice"});
  EXPECT_EQ(sums[1].group, std::vector<std::string>{"key"});
}

// Case 52 of the design.
TEST_F(StoredUsage, IsRemovedByTheFileAndKeepsItsSums) {
  ASSERT_TRUE(store().append(Rows{row_of(1, kNoon - days(30)), row_of(2, kNoon)}));
  ASSERT_TRUE(store().expire(kNoon - days(29), kNoon));
  EXPECT_EQ(all().size(), 1U);
  EXPECT_EQ(files().front().substr(0, 19), "usage-2026-01-31.db");
  const std::vector<UsageGroup> by_day = {UsageGroup::kDay};
  std::vector<UsageSum> sums = *store().sums({}, by_day);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].group, std::vector<std::string>{"2026-01-01"});
  EXPECT_EQ(sums[0].requests, 1);
  // Again: nothing counts twice.
  ASSERT_TRUE(store().expire(kNoon - days(29), kNoon));
  EXPECT_EQ(store().sums({}, by_day)->at(0).requests, 1);
  // After two years, the sums go as well.
  ASSERT_TRUE(store().expire(kNoon - days(29), kNoon + days(2 * 366)));
  EXPECT_EQ(store().sums({}, by_day)->size(), 1U);
}

// A process that ends between the two leaves the file.
TEST_F(StoredUsage, OfADayWhoseSumsAreKeptCountsOnceWhileItsFileIsThere) {
  ASSERT_TRUE(store().append(Rows{row_of(1, kNoon - days(30))}));
  store_.reset();
  const std::string file = folder() / "usage-2026-01-01.db";
  std::filesystem::copy_file(file, file + ".kept");
  open();
  ASSERT_TRUE(store().expire(kNoon, kNoon));
  std::filesystem::rename(file + ".kept", file);
  EXPECT_EQ(store().sums({}, {})->at(0).requests, 1);
}

TEST_F(StoredUsage, KeepsTheDayThatHasNotEnded) {
  ASSERT_TRUE(store().append(Rows{row_of(1, kNoon)}));
  ASSERT_TRUE(store().expire(kNoon + hours(1), kNoon));
  EXPECT_EQ(all().size(), 1U);
}

}  // namespace
}  // namespace penstock::store
