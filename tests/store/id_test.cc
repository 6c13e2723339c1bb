#include "store/id.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace penstock::store {
namespace {

using std::chrono::milliseconds;

// The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
TEST(StoreId, BeginsWithTheTime) {
  const Id id = make_id(WallTime{milliseconds(1469918176385)});
  EXPECT_EQ(id.size(), 26U);
  EXPECT_EQ(id.substr(0, 10), "01ARYZ6S41");
}

TEST(StoreId, OfALaterMillisecondSortsAfterAnEarlierOne) {
  const WallTime now{milliseconds(1'800'000'000'000)};
  EXPECT_LT(make_id(now), make_id(now + milliseconds(1)));
}

TEST(StoreId, IsAnotherEachTime) {
  std::set<Id> ids;
  for (int i = 0; i < 1'000; ++i) ids.insert(make_id(WallTime{}));
  EXPECT_EQ(ids.size(), 1'000U);
}

}  // namespace
}  // namespace penstock::store
