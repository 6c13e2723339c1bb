#include <vector>

#include "store/store_test.h"

namespace penstock::store {
namespace {

using testing::charged_row;
using testing::hours;
using testing::kNoon;
using testing::milliseconds;
using testing::seconds;
using testing::spent_of_day;

using SpentList = std::vector<Spent>;
using RowList = std::vector<UsageRow>;

// Case 49 of the design: what a process leaves that is killed.
class SpentAfterAKill : public testing::StoreTest {
 protected:
  void checkpoint(SpentList spent, std::uint64_t through, WallTime as_of = kNoon) {
    ASSERT_TRUE(store().checkpoint({std::move(spent), through, as_of}));
  }
  SpentList spent() {
    open();
    return loaded().spent;
  }
};

TEST_F(SpentAfterAKill, IsThatOfTheCheckpoint) {
  checkpoint({spent_of_day(100, 0)}, 5);
  EXPECT_EQ(spent(), SpentList{spent_of_day(100, 0)});
  checkpoint({spent_of_day(150, 0)}, 6);
  EXPECT_EQ(spent(), SpentList{spent_of_day(150, 0)});
}

TEST_F(SpentAfterAKill, HasTheRowsAfterTheCheckpointAndNoOthers) {
  ASSERT_TRUE(store().append(RowList{charged_row(1, 10, 0, kNoon), charged_row(2, 20, 0, kNoon)}));
  checkpoint({spent_of_day(30, 0)}, 2);
  ASSERT_TRUE(store().append(RowList{charged_row(3, 40, 0, kNoon)}));
  EXPECT_EQ(spent(), SpentList{spent_of_day(70, 0)});
}

// A batch that failed is written after the checkpoint that includes it.
TEST_F(SpentAfterAKill, CountsALateRowOfTheCheckpointOnce) {
  checkpoint({spent_of_day(30, 0)}, 2);
  ASSERT_TRUE(store().append(RowList{charged_row(2, 20, 0, kNoon)}));
  EXPECT_EQ(spent(), SpentList{spent_of_day(30, 0)});
}

TEST_F(SpentAfterAKill, HasRowsWithoutAnyCheckpoint) {
  ASSERT_TRUE(store().append(RowList{charged_row(1, 10, 50, kNoon)}));
  EXPECT_EQ(spent(), SpentList{spent_of_day(10, 0)});
}

TEST_F(SpentAfterAKill, CountsAReservationThatNoRowSettlesAsUsed) {
  checkpoint({spent_of_day(100, 50)}, 0);
  EXPECT_EQ(spent(), SpentList{spent_of_day(150, 0)});
}

TEST_F(SpentAfterAKill, CountsASettledReservationByItsRow) {
  checkpoint({spent_of_day(100, 50)}, 0);
  const WallTime before = kNoon - seconds(2);
  ASSERT_TRUE(store().append(RowList{charged_row(1, 7, 30, before)}));
  // 20 are still open.
  EXPECT_EQ(spent(), SpentList{spent_of_day(127, 0)});
}

TEST_F(SpentAfterAKill, DoesNotSettleAReservationByARowThatBeganLater) {
  checkpoint({spent_of_day(100, 50)}, 0);
  ASSERT_TRUE(store().append(RowList{charged_row(1, 7, 30, kNoon + milliseconds(1))}));
  EXPECT_EQ(spent(), SpentList{spent_of_day(157, 0)});
}

TEST_F(SpentAfterAKill, IsTheSameAfterAnotherKill) {
  checkpoint({spent_of_day(100, 50)}, 0);
  ASSERT_TRUE(store().append(RowList{charged_row(1, 7, 30, kNoon - seconds(2))}));
  EXPECT_EQ(spent(), SpentList{spent_of_day(127, 0)});
  EXPECT_EQ(spent(), SpentList{spent_of_day(127, 0)});
}

TEST_F(SpentAfterAKill, IsOfTheLatestWindow) {
  checkpoint({spent_of_day(100, 50)}, 0);
  UsageRow next = charged_row(1, 7, 0, kNoon);
  next.charges[0].window_began += hours(24);
  // A request of the old window that ends in the new one.
  const UsageRow last = charged_row(2, 9, 0, kNoon);
  ASSERT_TRUE(store().append(RowList{next, last}));
  Spent expected = spent_of_day(7, 0);
  expected.window_began += hours(24);
  EXPECT_EQ(spent(), SpentList{expected});
}

TEST_F(SpentAfterAKill, KeepsBudgetsThatACheckpointLeavesOut) {
  Spent other = spent_of_day(5, 0);
  other.owner = "other";
  checkpoint({spent_of_day(100, 0), other}, 1);
  checkpoint({spent_of_day(120, 0)}, 2);
  EXPECT_EQ(spent(), (SpentList{spent_of_day(120, 0), other}));
}

TEST_F(SpentAfterAKill, GoesWithItsOwner) {
  ASSERT_TRUE(
      store().put(testing::key_named("key", 1), std::nullopt, testing::entry_of("key.create")));
  checkpoint({spent_of_day(100, 0)}, 1);
  ASSERT_TRUE(store().remove("key", testing::entry_of("key.remove")));
  EXPECT_EQ(spent(), SpentList{});
}

// Numbers that are used twice would hide rows from the next recovery.
TEST_F(SpentAfterAKill, KnowsTheNumbersOfRowsThatAreGone) {
  ASSERT_TRUE(store().append(RowList{charged_row(8, 10, 0, kNoon)}));
  checkpoint({spent_of_day(10, 0)}, 9);
  ASSERT_TRUE(store().expire(kNoon + hours(48), kNoon));
  EXPECT_EQ(*store().last_sequence(), 9U);
}

}  // namespace
}  // namespace penstock::store
