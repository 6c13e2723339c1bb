#include "telemetry/timestamp.h"

#include <gtest/gtest.h>

namespace penstock::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The pairs are those of `date -u -d @N +%FT%TZ`.
TEST(Timestamp, WritesDatesOfRfc3339InUtc) {
  Timestamp timestamp;
  EXPECT_EQ(timestamp.text(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp.text(WallTime{} + seconds(951782400)), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(1735689599999)), "2024-12-31T23:59:59.999Z");
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(1735689600000)), "2025-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp.text(WallTime{} + seconds(9223372036)), "2262-04-11T23:47:16.000Z");
}

TEST(Timestamp, ChangesTheMillisecondsWithinASecondInBothDirections) {
  Timestamp timestamp;
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(1007)), "1970-01-01T00:00:01.007Z");
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(1999)), "1970-01-01T00:00:01.999Z");
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(1000)), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(timestamp.text(WallTime{} + milliseconds(999)), "1970-01-01T00:00:00.999Z");
}

}  // namespace
}  // namespace penstock::telemetry
