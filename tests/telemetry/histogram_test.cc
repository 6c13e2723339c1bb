#include "telemetry/histogram.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::telemetry {
namespace {

using std::chrono::microseconds;

TEST(Histogram, PutsABoundIntoItsOwnBucketAndOnePastItIntoTheNext) {
  for (std::size_t i = 0; i < kBucketBounds.size(); ++i) {
    Histogram histogram;
    histogram.observe(kBucketBounds[i].upper);
    histogram.observe(kBucketBounds[i].upper + microseconds(1));
    HistogramValues values;
    histogram.add_to(values);
    EXPECT_EQ(values.buckets[i], 1u) << kBucketBounds[i].seconds;
    EXPECT_EQ(values.buckets[i + 1], 1u) << kBucketBounds[i].seconds;
    EXPECT_EQ(values.count(), 2u);
  }
}

TEST(Histogram, SpellsItsBoundsAsTheyAreAndInOrder) {
  microseconds last{0};
  for (const BucketBound& bound : kBucketBounds) {
    EXPECT_GT(bound.upper, last);
    EXPECT_NEAR(std::stod(std::string(bound.seconds)),
                std::chrono::duration<double>(bound.upper).count(), 1e-9);
    last = bound.upper;
  }
}

TEST(Histogram, CountsANegativeDurationAsNothing) {
  Histogram histogram;
  histogram.observe(microseconds(-5));
  HistogramValues values;
  histogram.add_to(values);
  EXPECT_EQ(values.buckets[0], 1u);
  EXPECT_EQ(values.sum_microseconds, 0u);
}

}  // namespace
}  // namespace penstock::telemetry
