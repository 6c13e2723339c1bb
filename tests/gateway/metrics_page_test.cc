// GET /metrics, whose client may be anybody.

#include <gmock/gmock.h>

#include <string>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Others have their turn between two slices.
constexpr std::chrono::microseconds kTurns{1};

class MetricsPageTest : public SimulatedGateway {
 protected:
  void ask(std::string_view method, std::string_view version = "1.1") {
    client->send(std::string(method) + " /metrics HTTP/" + std::string(version) +
                 "\r\nHost: h\r\n\r\n");
    sim.pass(kTurns);
  }
  std::string read_all() {
    std::string all;
    for (std::string some; !(some = client->receive()).empty(); sim.pass(kTurns)) all += some;
    return all;
  }
  // A request that has ended, of a model of the catalog.
  void count_request(int model) {
    const telemetry::RequestSeries series = shard->resolve(
        telemetry::RouteId{0}, shard->provider(labels.providers.front()),
        telemetry::ModelLabel::known("p/a-model-of-the-catalog-" + std::to_string(model)));
    shard->request_opened();
    shard->request_closed(series, 200, std::chrono::microseconds(1));
  }
};

// No peer without a key holds more than 1 MiB for 10 KiB sent.
TEST_F(MetricsPageTest, IsMadeNoFasterThanItIsRead) {
  start();
  for (int i = 0; i < 999; ++i) count_request(i);
  ask("GET");
  count_request(998);
  const std::string page = read_all();
  // Twice as much as the client's window takes.
  EXPECT_GT(page.size(), 128 * 1024u);
  EXPECT_TRUE(page.contains("model=\"p/a-model-of-the-catalog-0\",status_class=\"2xx\"} 1\n"));
  EXPECT_TRUE(page.contains("model=\"p/a-model-of-the-catalog-998\",status_class=\"2xx\"} 2\n"));
  EXPECT_TRUE(page.ends_with("penstock_metrics_lines_left_out 0\n\r\n0\r\n\r\n"));
  // The connection goes on.
  ask("GET");
  EXPECT_TRUE(read_all().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(MetricsPageTest, HasNoBodyWhereOnlyItsHeadIsAskedFor) {
  start();
  ask("HEAD");
  const std::string head = read_all();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("penstock_")));
  ask("GET");
  EXPECT_THAT(read_all(), HasSubstr("penstock_build_info"));
}

TEST_F(MetricsPageTest, EndsWithTheConnectionOfAnOldClient) {
  start();
  ask("GET", "1.0");
  EXPECT_THAT(read_all(), EndsWith("penstock_metrics_lines_left_out 0\n"));
  sim.pass(limits.linger_timeout);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(MetricsPageTest, ThatNobodyReadsIsCutWhenItsTimeIsOver) {
  limits.write_timeout = std::chrono::milliseconds(300);
  start();
  for (int i = 0; i < 999; ++i) count_request(i);
  ask("GET");
  sim.pass(std::chrono::milliseconds(299));
  EXPECT_EQ(tasks.running(), 1u);
  sim.pass(std::chrono::milliseconds(1) + kTurns);
  EXPECT_EQ(tasks.running(), 0u);
  EXPECT_EQ(hits("client_write_timeout"), 1);
}

}  // namespace
}  // namespace penstock::gateway
