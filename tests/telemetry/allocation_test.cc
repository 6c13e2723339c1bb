// What a request costs in telemetry: no allocation once the thread is warm.

#include <gtest/gtest.h>

#include <string>

#include "support/count_allocations.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock::telemetry {
namespace {

using std::chrono::milliseconds;

TEST(Allocations, RecordingARequestInMetricsMakesNone) {
  if (!test::kCountsAllocations) GTEST_SKIP() << "sanitizers have operators of their own";
  Metrics metrics({{"/v1/chat/completions"}, "0", {}});
  const SettingsLabels labels = metrics.serve({.providers = {"alpha"}});
  MetricsShard& shard = metrics.add_shard();
  ProviderSeries& alpha = shard.provider(labels.providers.front());
  const std::string model = "alpha/a-model-with-a-name-that-no-string-holds-inline";
  const auto request = [&] {
    const RequestSeries series = shard.resolve(RouteId{0}, alpha, ModelLabel::known(model));
    shard.request_opened();
    alpha.connection_reused();
    shard.first_byte(series, milliseconds(3));
    alpha.used({.prompt = 1, .completion = 2});
    shard.request_closed(series, 200, milliseconds(5));
    shard.limit_hit(Limit::kEventBytes);
  };
  EXPECT_GT(test::allocations_of(request), 0u);  // the series is new
  EXPECT_EQ(test::allocations_of([&] {
              for (int i = 0; i < 100; ++i) request();
            }),
            0u);
}

TEST(Allocations, FormattingAnAccessLogLineMakesNone) {
  if (!test::kCountsAllocations) GTEST_SKIP() << "sanitizers have operators of their own";
  const auto log = AccessLog::open("/dev/null").value();
  AccessLogShard shard(*log);
  AccessRecord record;
  record.request_id = "0123456789abcdef";
  record.model = "名前\n";
  record.status = 200;
  EXPECT_EQ(test::allocations_of([&] {
              for (int i = 0; i < 50; ++i) shard.write(record);
            }),
            0u);
  // The hand-over copies the batch into the queue's message.
  EXPECT_GT(test::allocations_of([&] { shard.flush(); }), 0u);
}

}  // namespace
}  // namespace penstock::telemetry
