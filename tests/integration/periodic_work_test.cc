// What the server does from time to time ends no stream: asking for models, closing connections
// that are old or idle, taking a new configuration, reopening the access log.
//
// litellm#38957: a client that was cached for an hour was destroyed under the streams that used it,
// and each hour a batch of them ended as if they were whole.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class PeriodicWork : public GatewayTest {
 protected:
  static constexpr std::size_t kRounds = 3;
  static constexpr std::size_t kStreams = 8;

  PeriodicWork() {
    using std::chrono::seconds;
    settings.providers[0].refresh_models = true;
    settings.server.threads = 2;
    settings.server.registry_refresh_interval = seconds(1);
    timeouts().upstream_idle = seconds(1);
    timeouts().upstream_lifetime = seconds(1);
    for (auto& round : rounds_) round = std::make_shared<Latch>();
  }

  // An event in each round, and then the end.
  Script stream_through_all_rounds() const {
    Script script = Script().send(stream_head()).send(chunk(event(chat_delta("begin"))));
    for (const auto& round : rounds_) {
      std::ignore =
          std::move(script).append(Script().pause(round).send(chunk(event(chat_delta("round")))));
    }
    return std::move(script).send(chunk(event(chat_finish()))).send(chunk(kDone)).send(kLastChunk);
  }
  std::vector<RawClient> open_streams() {
    upstream.answer_always(stream_through_all_rounds());
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < kStreams; ++i) {
      clients.push_back(connect());
      EXPECT_TRUE(clients.back().send(chat(Answer::kStream)));
      EXPECT_EQ(clients.back().read_head().status, 200);
      EXPECT_TRUE(clients.back().read_event().has_value());
    }
    return clients;
  }
  // All of it at least once: the models are asked for when a second has passed.
  void do_everything() {
    const std::size_t asked = upstream.models_requests().size();
    EXPECT_TRUE(upstream.wait_for_models_request(asked));
    timeouts().first_byte += milliseconds(1);
    EXPECT_TRUE(service().reload(settings).has_value());
    EXPECT_TRUE(service().reopen_access_log().has_value());
  }

  std::array<std::shared_ptr<Latch>, kRounds> rounds_;
};

TEST_F(PeriodicWork, EndsNoStream) {
  std::vector<RawClient> streams = open_streams();
  for (const auto& round : rounds_) {
    do_everything();
    round->release();
    for (RawClient& stream : streams) EXPECT_TRUE(stream.read_event().has_value());
  }
  for (RawClient& stream : streams) {
    const RawClient::Rest rest = stream.read_rest();
    EXPECT_TRUE(rest.complete);
    EXPECT_NE(rest.body.find("[DONE]"), std::string::npos) << rest.body;
  }
}

}  // namespace
}  // namespace penstock::testing
