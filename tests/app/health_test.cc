// `penstock health`: of the server of a configuration, and of one that a URL names.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "app/command.h"
#include "support/raw_client.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"
#include "support/test_pki.h"
#include "support/test_service.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HealthCommand : public ::testing::Test {
 protected:
  std::string yaml(int port) const {
    return fmt::format(R"(providers:
  inference:
    - {{provider_id: one, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
server:
  port: {}
)",
                       upstream.url(), port);
  }
  std::string file(int port) const { return directory.write("run.yaml", yaml(port)); }

  static CommandOutcome ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "health");
    return run_command(std::move(arguments));
  }

  ScriptedUpstream upstream;
  TempDirectory directory;
};

TEST_F(HealthCommand, SucceedsWhereTheServerOfTheConfigurationServes) {
  TestService service(settings_from_yaml(yaml(0)));
  const CommandOutcome outcome = ask({file(service.port())});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(ask({file(1), "--port", std::to_string(service.port())}).status, 0);
}

TEST_F(HealthCommand, FailsWhereNobodyAnswers) {
  const CommandOutcome outcome = ask({file(1)});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("penstock: http://127.0.0.1:1/livez: cannot connect"));
}

TEST_F(HealthCommand, FailsWhereTheAnswerIsNo) {
  upstream.answer_next(Script().send(
      "HTTP/1.1 503 S\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\ndraining"));
  const CommandOutcome outcome = ask({"--ready", "--url", std::string(upstream.url())});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/readyz answers 503: draining"));
}

TEST_F(HealthCommand, AsksForReadinessOnlyIfTold) {
  TestService service(settings_from_yaml(yaml(0)));
  const std::string url = fmt::format("http://127.0.0.1:{}", service.port());
  EXPECT_EQ(ask({"--ready", "--url", url}).out, "{\"status\":\"ready\"}\n");
  EXPECT_THAT(ask({"--url", url}).out, Not(HasSubstr("ready")));
}

// A server's certificate is for the name by which clients know it, which is not 127.0.0.1's.
TEST_F(HealthCommand, TrustsTheServerOfTheConfigurationButNoUrl) {
  const TestPki pki;
  const std::string tls = fmt::format("  tls_certfile: {}\n  tls_keyfile: {}\n",
                                      pki.certificate_file(), pki.key_file());
  TestService service(settings_from_yaml(yaml(0) + tls));
  const std::string path = directory.write("tls.yaml", yaml(service.port()) + tls);
  EXPECT_EQ(ask({path}).status, 0);
  EXPECT_EQ(ask({"--url", fmt::format("https://127.0.0.1:{}", service.port())}).status, 1);
}

TEST_F(HealthCommand, CallsAMistakeAMistake) {
  EXPECT_EQ(ask({"/no/such/file"}).status, 2);
  const CommandOutcome no_url = ask({"--url", "nonsense"});
  EXPECT_EQ(no_url.status, 2);
  EXPECT_THAT(no_url.err, HasSubstr("--url nonsense: a URL must begin with"));
}

}  // namespace
}  // namespace penstock::testing
