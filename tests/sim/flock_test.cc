// Several upstreams in one process, and the doors of their ports.

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include "sim/options.h"
#include "simulator_fixture.h"

namespace penstock::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class FlockTest : public SimulatorFixture {
 protected:
  void play(std::string_view text) {
    Result<Timeline> timeline = Timeline::parse(text);
    ASSERT_TRUE(timeline) << timeline.error().message;
    simulator_->play(std::move(*timeline));
  }
  // Whether somebody listens.
  bool listens() const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(simulator_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    const bool connected = connect(probe, any, sizeof address) == 0;
    close(probe);
    return connected;
  }
  Json stats() const { return Json::parse(simulator_->stats_json()); }
  std::string status(const std::string& members = "") { return chat(members).substr(9, 3); }
};

TEST_F(FlockTest, TellsWhoAnswers) {
  Options options;
  options.name = "east";
  start(std::move(options));
  EXPECT_THAT(chat(""), HasSubstr("\r\nx-sim-name: east\r\n"));
  EXPECT_THAT(chat(R"(,"stream":true)"), HasSubstr("\r\nx-sim-name: east\r\n"));
  EXPECT_EQ(json_of(get("/sim/stats"))["name"], "east");
}

TEST_F(FlockTest, CountsItsAnswersByStatus) {
  start();
  chat("");
  chat(R"(,"stream":true)");
  chat(R"(,"sim":{"status":429})");
  get("/v1/models");
  EXPECT_EQ(stats()["answers"], Json({{"200", 2}, {"429", 1}}));
}

TEST_F(FlockTest, FollowsATimelineFromItsStart) {
  Options options;
  options.timeline = *Timeline::parse("at 0 s answer 503 with retry-after 1 for 2 requests");
  start(std::move(options));
  const std::string refused = chat("");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("\r\nretry-after: 1\r\n"));
  // Also what is not on the fast path.
  EXPECT_THAT(post("/v1/messages", R"({"model":"sim-small","max_tokens":1,"messages":[]})"),
              StartsWith("HTTP/1.1 503 "));
  EXPECT_EQ(status(), "200");
}

TEST_F(FlockTest, LetsARequestChangeWhatTheTimelineSays) {
  start();
  play("at 0 s answer 503");
  EXPECT_EQ(status(R"(,"sim":{"status":500})"), "500");
  play("");
  EXPECT_EQ(status(), "200");
}

TEST_F(FlockTest, FailsEverywhereIfItIsToldTo) {
  start();
  play("at 0 s answer 503");
  EXPECT_THAT(get("/v1/models"), StartsWith("HTTP/1.1 200 "));
  play("at 0 s answer 503 everywhere");
  EXPECT_THAT(get("/v1/models"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get("/health"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(get("/sim/stats"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(FlockTest, RefusesConnectionsAndComesBackOnTheSamePort) {
  Options options;
  options.threads = 2;
  start(std::move(options));
  for (int i = 0; i < 3; ++i) {
    play("at 0 s refuse");
    EXPECT_FALSE(listens());
    play("at 0 s refuse for 1 ms");
    while (!listens()) {
    }
    EXPECT_EQ(status(), "200");
  }
}

TEST_F(FlockTest, LetsRequestsEndWhileItRefuses) {
  start();
  Client idle(*simulator_);
  idle.post("/v1/chat/completions", chat_body(""));
  idle.receive_until("}}");
  Client client(*simulator_);
  client.post("/v1/chat/completions",
              chat_body(R"(,"stream":true,"sim":{"stall_after_events":1,"stall_ms":50})"));
  client.receive_until("data: ");
  play("at 0 s refuse");
  EXPECT_THAT(client.receive_all(), HasSubstr("[DONE]"));
  EXPECT_FALSE(client.was_reset());
  idle.receive_all();
  EXPECT_FALSE(idle.was_reset());
}

TEST_F(FlockTest, CutsEverythingWhenItDies) {
  start();
  Client client(*simulator_);
  client.post("/v1/chat/completions",
              chat_body(R"(,"stream":true,"sim":{"stall_after_events":1})"));
  client.receive_until("data: ");
  play("at 0 s die");
  EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("[DONE]")));
  EXPECT_FALSE(listens());
  play("");
  EXPECT_TRUE(listens());
  EXPECT_EQ(status(), "200");
  EXPECT_EQ(stats()["cut"], 1);
}

TEST_F(FlockTest, CutsWhatIsLeftWhenItDiesAfterItHasRefused) {
  start();
  Client client(*simulator_);
  client.post("/v1/chat/completions",
              chat_body(R"(,"stream":true,"sim":{"stall_after_events":1})"));
  client.receive_until("data: ");
  play("at 0 s refuse");
  play("at 0 s die");
  EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("[DONE]")));
}

TEST_F(FlockTest, ResetsConnectionsAsSoonAsTheyAreAccepted) {
  start();
  play("at 0 s reset");
  Client client(*simulator_);
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(stats()["reset_connections"], 1);
  play("");
  EXPECT_EQ(status(), "200");
}

TEST_F(FlockTest, EndsInEveryStateOfItsDoor) {
  for (const char* timeline : {"at 0 s refuse", "at 0 s die", "at 0 s reset"}) {
    start();
    Client client(*simulator_);
    client.post("/v1/chat/completions",
                chat_body(R"(,"stream":true,"sim":{"stall_after_events":1})"));
    client.receive_until("data: ");
    play(timeline);
    simulator_.reset();
    EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("[DONE]"))) << timeline;
  }
}

std::vector<Options> upstreams_of(std::vector<std::string> arguments) {
  CLI::App app;
  Program program;
  add_options(app, program);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return program.upstreams();
}

TEST(Flock, IsDescribedOnTheCommandLine) {
  const std::vector<Options> flock =
      upstreams_of({"--tokens", "3", "--timeline", "at 9 s die", "--upstream",
                    "east; at 5 s answer 429 for 1 s; at 7 s refuse", "--upstream",
                    "west port 4000", "--upstream", "south"});
  ASSERT_EQ(flock.size(), 3U);
  EXPECT_EQ(flock[0].name, "east");
  EXPECT_EQ(flock[0].port, 9321);
  EXPECT_EQ(flock[0].behaviour.tokens, 3U);
  EXPECT_EQ(flock[0].timeline.steps().size(), 2U);
  EXPECT_EQ(flock[1].port, 4000);
  EXPECT_EQ(flock[1].timeline.steps().front().door, DoorState::kDead);
  EXPECT_EQ(flock[2].port, 9323);
  for (const Options& each : upstreams_of({"--port", "0", "--upstream", "a", "--upstream", "b"})) {
    EXPECT_EQ(each.port, 0);
  }
  ASSERT_EQ(upstreams_of({"--name", "alone"}).size(), 1U);
  EXPECT_EQ(upstreams_of({"--name", "alone"})[0].name, "alone");
  EXPECT_THROW(upstreams_of({"--upstream", "a", "--upstream", "a"}), CLI::ValidationError);
}

TEST(Flock, IsReadFromAFile) {
  const auto flock = read_flock(
      "# three\n"
      "upstream east port 0\n"
      "  at 5 s answer 429 with retry-after 2 for 10 s\n"
      "  at 20 s refuse for 3 s\n"
      "upstream west\n");
  ASSERT_TRUE(flock) << flock.error().message;
  ASSERT_EQ(flock->size(), 2U);
  EXPECT_EQ((*flock)[0].timeline.steps().size(), 2U);
  EXPECT_EQ((*flock)[1].port, std::nullopt);
}

TEST(Flock, SaysWhatIsWrongWithItsFile) {
  const auto refusal = [](std::string_view text) {
    const auto flock = read_flock(text);
    return flock ? std::string() : flock.error().message;
  };
  EXPECT_THAT(refusal(""), HasSubstr("at least one line"));
  EXPECT_THAT(refusal("\nat 1 s die"), HasSubstr("line 2: the first line is"));
  EXPECT_THAT(refusal("upstream"), HasSubstr("line 1: an upstream is"));
  EXPECT_THAT(refusal("upstream a port"), HasSubstr("line 1: an upstream is"));
  EXPECT_THAT(refusal("upstream a port 70000"), HasSubstr("'70000' is no port"));
  EXPECT_THAT(refusal("upstream \"a b\""), HasSubstr("'a b' is no name"));
  EXPECT_THAT(refusal("upstream a\nat 1 s explode"), HasSubstr("line 2: there is no action"));
}

}  // namespace
}  // namespace penstock::sim
