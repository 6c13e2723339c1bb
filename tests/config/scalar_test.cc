#include "config/scalar.h"

#include <gtest/gtest.h>

namespace penstock::config {
namespace {

using std::chrono::milliseconds;

TEST(Durations, AreSecondsUnlessTheySayOtherwise) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"0", 0},         {"5", 5000},   {"0.5", 500},     {"500ms", 500},
      {"5s", 5000},     {"5 s", 5000}, {"1.5m", 90'000}, {"10m", 600'000},
      {"2h", 7200'000}, {"0.0001", 1}, {"0.4ms", 1},     {"86400000", 86'400'000'000},
  };
  for (const auto& [text, count] : cases) {
    EXPECT_EQ(parse_duration(text), milliseconds(count)) << text;
  }
}

TEST(Durations, AreNothingElse) {
  for (std::string_view text : {"", "-1", "+1", "s", "5x", "5 minutes", "5S", "1e3", "inf", "nan",
                                ".5", "5.", "5,5", "0x10", "5s5", "86400001",
                                "1"
                                "0000000000000"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Sizes, AreBytesUnlessTheySayOtherwise) {
  const std::pair<std::string_view, std::uint64_t> cases[] = {
      {"0", 0},          {"65536", 65536},    {"64KiB", 65536},
      {"64 kib", 65536}, {"64MiB", 67108864}, {"2GiB", 2147483648},
  };
  for (const auto& [text, bytes] : cases) EXPECT_EQ(parse_size(text), bytes) << text;
  for (std::string_view text : {"", "-1", "1.5MiB", "64MB", "64M", "MiB", "9999999999GiB",
                                "99999999999999999999", "1e6", "64MiB/s"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Booleans, AreTheSixWordsOfYaml) {
  for (std::string_view text : {"true", "True", "TRUE", "yes", "on"}) {
    EXPECT_EQ(parse_boolean(text), true) << text;
  }
  for (std::string_view text : {"false", "False", "no", "OFF"}) {
    EXPECT_EQ(parse_boolean(text), false) << text;
  }
  for (std::string_view text : {"", "1", "0", "y", "truely"}) {
    EXPECT_FALSE(parse_boolean(text)) << text;
  }
}

TEST(NegativeNumbers, AreToldFromOtherMistakes) {
  EXPECT_TRUE(is_negative_number("-5"));
  EXPECT_TRUE(is_negative_number("-0.5s"));
  EXPECT_FALSE(is_negative_number("5"));
  EXPECT_FALSE(is_negative_number("-x"));
  EXPECT_FALSE(is_negative_number(""));
}

}  // namespace
}  // namespace penstock::config
