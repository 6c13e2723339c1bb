#include "load/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::load {
namespace {

TEST(Histogram, IsZeroWhereNothingWasRecorded) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
  EXPECT_EQ(histogram.smallest(), 0U);
  EXPECT_EQ(histogram.largest(), 0U);
  EXPECT_EQ(histogram.mean(), 0.0);
}

TEST(Histogram, TellsSmallValuesExactly) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 200; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(0.5), 100U);
  EXPECT_EQ(histogram.quantile(0.99), 198U);
  EXPECT_EQ(histogram.quantile(1.0), 200U);
  EXPECT_EQ(histogram.smallest(), 1U);
  EXPECT_EQ(histogram.mean(), 100.5);
}

TEST(Histogram, TellsEveryMagnitudeWithinFourPerMille) {
  for (int power = 8; power < 64; ++power) {
    const std::uint64_t base = std::uint64_t{1} << power;
    for (const std::uint64_t value : {base - 1, base, base + base / 3, base + (base - 1)}) {
      Histogram histogram;
      histogram.record(0);
      histogram.record(value);
      histogram.record(UINT64_MAX);
      const double told = static_cast<double>(histogram.quantile(0.5));
      const double recorded = static_cast<double>(value);
      EXPECT_LE(std::abs(told - recorded), recorded * 0.004) << value;
    }
  }
}

TEST(Histogram, AgreesWithSortedValues) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> distribution(10, 2);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::uint64_t>(distribution(random)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * 20'000));
    const auto exact = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(static_cast<double>(histogram.quantile(q)), exact, exact * 0.004 + 1) << q;
  }
}

TEST(Histogram, NeverTellsAQuantileBeyondWhatWasRecorded) {
  Histogram histogram;
  histogram.record(1'000'003);
  EXPECT_EQ(histogram.quantile(0.5), 1'000'003U);
  histogram.record(UINT64_MAX);
  EXPECT_LE(histogram.quantile(1.0), histogram.largest());
  EXPECT_GE(histogram.quantile(0.0), histogram.smallest());
}

TEST(Histogram, CountsARange) {
  Histogram histogram;
  for (const std::uint64_t value : {1'000U, 40'000'000U, 41'000'000U, 90'000'000U}) {
    histogram.record(value);
  }
  EXPECT_EQ(histogram.count_between(35'000'000, 50'000'000), 2U);
  EXPECT_EQ(histogram.count_between(0, UINT64_MAX), 4U);
}

}  // namespace
}  // namespace penstock::load
