#include "telemetry/labels.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace penstock::telemetry {
namespace {

TEST(Labels, HaveDistinctNames) {
  std::set<std::string_view> limits;
  for (std::size_t i = 0; i < kLimitCount; ++i) limits.insert(name_of(static_cast<Limit>(i)));
  EXPECT_EQ(limits.size(), kLimitCount);
  std::set<std::string_view> endings;
  for (std::size_t i = 0; i < kEndingCount; ++i) endings.insert(name_of(static_cast<Ending>(i)));
  EXPECT_EQ(endings.size(), kEndingCount);
  EXPECT_FALSE(limits.contains("") || endings.contains(""));
}

TEST(Labels, PutStatusesIntoClasses) {
  EXPECT_EQ(status_class_name(status_class_of(0)), "none");
  EXPECT_EQ(status_class_name(status_class_of(99)), "none");
  EXPECT_EQ(status_class_name(status_class_of(100)), "1xx");
  EXPECT_EQ(status_class_name(status_class_of(299)), "2xx");
  EXPECT_EQ(status_class_name(status_class_of(301)), "3xx");
  EXPECT_EQ(status_class_name(status_class_of(404)), "4xx");
  EXPECT_EQ(status_class_name(status_class_of(599)), "5xx");
  EXPECT_EQ(status_class_name(status_class_of(600)), "none");
}

TEST(Labels, TellHowAnErrorEndsAnExchange) {
  EXPECT_EQ(ending_of(ErrorKind::kClientGone), Ending::kClientGone);
  EXPECT_EQ(ending_of(ErrorKind::kRequestTimeout), Ending::kClientTimeout);
  EXPECT_EQ(ending_of(ErrorKind::kModelNotFound), Ending::kRefused);
  EXPECT_EQ(ending_of(ErrorKind::kUpstreamReset), Ending::kUpstreamReset);
  EXPECT_EQ(ending_of(ErrorKind::kShuttingDown), Ending::kShutDown);
}

}  // namespace
}  // namespace penstock::telemetry
