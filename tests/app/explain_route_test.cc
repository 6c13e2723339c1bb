// `penstock explain-route`: of a running server, and of a file.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/command.h"
#include "app/route_question.h"
#include "support/raw_client.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"
#include "support/test_service.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class ExplainRouteCommand : public ::testing::Test {
 protected:
  // Nothing listens on port 1.
  std::string yaml(std::string_view server = "server: {port: 1}\n") const {
    return fmt::format(R"(providers:
  inference:
    - {{provider_id: one, provider_type: "remote::passthrough", config: {{base_url: "{0}"}}}}
    - {{provider_id: two, provider_type: "remote::passthrough", config: {{base_url: "{0}"}}}}
routing:
  routes:
    - model: smart
      balance: first
      targets: [{{provider: one, model: m1}}, {{provider: two, model: m1}}]
{1})",
                       upstream.url(), server);
  }

  static CommandOutcome explain(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain-route");
    return run_command(std::move(arguments));
  }
  static std::string url_of(const TestService& service) {
    return "http://127.0.0.1:" + std::to_string(service.port());
  }

  ScriptedUpstream upstream;
  TempDirectory directory;
};

TEST_F(ExplainRouteCommand, AsksTheRunningServer) {
  TestService service(settings_from_yaml(yaml()));
  upstream.answer_next(
      Script().send("HTTP/1.1 429 S\r\nRetry-After: 300\r\nContent-Length: 0\r\n\r\n"));
  RawClient client(service.port());
  EXPECT_EQ(client.ask(chat(Answer::kWhole, "smart")).status(), 200);

  const CommandOutcome outcome = explain({"smart", "--url", url_of(service)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("smart: route smart, balance first"),
                                 ContainsRegex("\n1 +two/m1 .*can be asked"),
                                 ContainsRegex("\n- +one/m1 .*cools down for .*rate_limited")));
}

TEST_F(ExplainRouteCommand, AnswersLikeANewServerWhereNoneRuns) {
  const std::string file = directory.write("run.yaml", yaml());
  const CommandOutcome outcome = explain({"smart", "-c", file});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("no server runs at http://127.0.0.1:1;"));
  EXPECT_THAT(outcome.out, AllOf(ContainsRegex("\n1 +one/m1 .*can be asked"),
                                 ContainsRegex("\n2 +two/m1 .*can be asked")));
}

TEST_F(ExplainRouteCommand, SendsHeadersAndBodyOfTheQuestion) {
  TestService service(settings_from_yaml(yaml()));
  const std::string body = directory.write("body.json", R"({"model":"other","messages":[]})");
  const CommandOutcome named = explain(
      {"smart", "--url", url_of(service), "--body", body, "--header", "x-penstock-provider=two"});
  EXPECT_EQ(named.status, 0) << named.err;
  EXPECT_THAT(named.out,
              AllOf(ContainsRegex("\n1 +two/m1"), HasSubstr("the request names another provider")));
}

TEST_F(ExplainRouteCommand, NeedsAKeyWhereTheServerDoes) {
  TestService service(
      settings_from_yaml(yaml("server: {api_keys: [{name: t, key: a-key-of-sixteen-bytes}]}\n")));
  const CommandOutcome without = explain({"smart", "--url", url_of(service)});
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.err, HasSubstr("answered 401; give a key with --api-key"));
  EXPECT_EQ(
      explain({"smart", "--url", url_of(service), "--api-key", "a-key-of-sixteen-bytes"}).status,
      0);
}

TEST_F(ExplainRouteCommand, RefusesWhatItCannotAsk) {
  const std::string file = directory.write("run.yaml", yaml());
  EXPECT_EQ(explain({"smart", "-c", file, "--header", "novalue"}).status, 2);
  EXPECT_EQ(explain({"smart", "-c", file, "--body", "/no/such/file"}).status, 2);
  EXPECT_EQ(explain({"smart", "-c", "/no/such/file"}).status, 2);
  const CommandOutcome folder = explain({"smart", "-c", file, "--body", directory.path_of("")});
  EXPECT_EQ(folder.status, 2);
  EXPECT_THAT(folder.err, HasSubstr("cannot be read"));
  const CommandOutcome nobody = explain({"smart", "--url", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.status, 1);
  EXPECT_THAT(nobody.err, HasSubstr("penstock: --url http://127.0.0.1:1: cannot connect"));
  const CommandOutcome no_url = explain({"smart", "--url", "nonsense"});
  EXPECT_THAT(no_url.err, HasSubstr("--url nonsense: a URL must begin with"));
  const CommandOutcome unknown = explain({"no-such-model", "-c", file});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, HasSubstr("answered 404"));
}

TEST_F(ExplainRouteCommand, KnowsAServerThatIsNoPenstock) {
  const CommandOutcome outcome = explain({"smart", "--url", std::string(upstream.url())});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("it is no Penstock"));
}

}  // namespace
}  // namespace penstock::testing
