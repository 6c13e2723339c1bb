// What operators and their tools are told: liveness, readiness, and which listener serves what.

#include <gmock/gmock.h>

#include <string>

#include "gateway/routed_gateway.h"
#include "gateway/simulated_gateway.h"
#include "net/loop_pulse.h"

namespace penstock::gateway {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Operations : public SimulatedGateway {
 protected:
  std::string ask(std::string_view path, std::string_view method = "GET") {
    return say(std::string(method) + " " + std::string(path) +
               " HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  }
  // A thread that comes round when the test says so.
  testing::SimulatedLoop other;
};

TEST_F(Operations, SayThatTheServerLivesWhileAllItsThreadsComeRound) {
  start();
  pulse.add(other.loop());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(ask("/livez"), HasSubstr(R"({"status":"ok"})"));
    other.settle();
    sim.pass(seconds(60));
  }
  pulse.remove(other.loop());
}

TEST_F(Operations, SayHowManyThreadsHaveHungForFiveSeconds) {
  start();
  pulse.add(other.loop());
  EXPECT_THAT(ask("/livez"), StartsWith("HTTP/1.1 200"));
  sim.pass(seconds(5));
  EXPECT_THAT(ask("/livez"), StartsWith("HTTP/1.1 200"));
  sim.pass(seconds(1));
  const std::string hung = ask("/livez");
  EXPECT_THAT(hung, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(hung, HasSubstr(R"({"status":"hung","threads":1})"));
  EXPECT_THAT(ask("/healthz"), StartsWith("HTTP/1.1 200"));
  other.settle();
  EXPECT_THAT(ask("/livez"), StartsWith("HTTP/1.1 200"));
  pulse.remove(other.loop());
}

TEST_F(Operations, WaitForTheProvidersThatReadinessRequires) {
  settings->server.ready_requires = {"p"};
  start();
  EXPECT_THAT(ask("/readyz"), StartsWith("HTTP/1.1 200"));
  const Error down = Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNever, "down");
  (void)registry->list_failed(0, down);
  const std::string waiting = ask("/readyz");
  EXPECT_THAT(waiting, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(waiting, HasSubstr(R"({"status":"waiting","providers":["p"]})"));
}

TEST_F(Operations, AreReadyWithoutProvidersThatReadinessDoesNotRequire) {
  start();
  const Error down = Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNever, "down");
  (void)registry->list_failed(0, down);
  EXPECT_THAT(ask("/readyz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Operations, AskClientsToLeaveWhileTheServerStillTakesWork) {
  start();
  readiness.stage = Readiness::Stage::kLeaving;
  EXPECT_EQ(ask_for("false"), "");
  const std::string answer = upstream_says(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST_F(Operations, SayThatAServerWhichLeavesIsNotReady) {
  start();
  readiness.stage = Readiness::Stage::kLeaving;
  const std::string answer = ask("/readyz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(answer, HasSubstr(R"({"status":"draining"})"));
}

TEST_F(Operations, AreServedToEverybodyOnTheOnlyListener) {
  start();
  EXPECT_THAT(ask("/v1/models"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask("/metrics"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Operations, AreNotServedBesideAnAdminListenerThatKeepsThem) {
  listener = ListenerKind::kClients;
  start();
  for (const char* const path : {"/metrics", "/penstock/reload", "/penstock/explain-route"}) {
    const std::string answer = ask(path, path[1] == 'm' ? "GET" : "POST");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404")) << path;
    EXPECT_THAT(answer, HasSubstr("served on the admin listener only")) << path;
  }
  for (const char* const path : {"/healthz", "/livez", "/readyz", "/v1/models", "/v1/providers"}) {
    EXPECT_THAT(ask(path), StartsWith("HTTP/1.1 200")) << path;
  }
  EXPECT_THAT(ask("/v1/inspect/routes"), Not(HasSubstr("/metrics")));
}

TEST_F(Operations, AreAllThatAnAdminListenerServes) {
  listener = ListenerKind::kAdmin;
  start();
  for (const char* const path : {"/healthz", "/livez", "/readyz", "/v1/providers"}) {
    EXPECT_THAT(ask(path), StartsWith("HTTP/1.1 200")) << path;
  }
  for (const char* const path : {"/v1/models", "/v1/chat/completions", "/p/p/v1/anything"}) {
    const std::string answer = ask(path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404")) << path;
    EXPECT_THAT(answer, HasSubstr("use server.host and server.port")) << path;
  }
  EXPECT_THAT(ask("/"), HasSubstr("address for operators"));
  EXPECT_THAT(ask("/metrics"), StartsWith("HTTP/1.1 200"));
}

class RequiredTargets : public RoutedGateway {};

TEST_F(RequiredTargets, MustTakeRequests) {
  settings->server.ready_requires = {"a"};
  route();
  start();
  const auto ready = [&] { return ask("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").status; };
  EXPECT_EQ(ready(), 200);
  a().always = Act::error(429);
  EXPECT_EQ(ask(chat()).status, 200);
  EXPECT_EQ(ready(), 503);
}

}  // namespace
}  // namespace penstock::gateway
