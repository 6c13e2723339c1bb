#include "app/command_line.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/command.h"
#include "core/version.h"
#include "support/endpoint.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"

namespace penstock::app {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using testing::run_command;
using testing::Variable;
using Outcome = testing::CommandOutcome;

class CommandLine : public ::testing::Test {
 protected:
  testing::TempDirectory directory;
  std::string file(std::string_view text) { return directory.write("run.yaml", text); }
};

// A configuration of one provider.
std::string provider_yaml(std::string_view url, std::string_view more = "") {
  return fmt::format(R"(providers:
  inference:
    - provider_id: main
      provider_type: remote::passthrough
      config:
        base_url: {}
        api_key: sk-canary-0123456789
{})",
                     url, more);
}

TEST_F(CommandLine, HelpsWithExamplesEverywhere) {
  const std::vector<std::vector<std::string>> commands = {
      {"--help"},           {"serve", "--help"},         {"check", "-h"},
      {"models", "--help"}, {"explain-route", "--help"}, {"version", "--help"}};
  for (const std::vector<std::string>& arguments : commands) {
    const Outcome outcome = run_command(arguments);
    EXPECT_EQ(outcome.status, 0) << arguments.front();
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("Examples:\n"), HasSubstr("  penstock ")))
        << arguments.front();
  }
}

TEST_F(CommandLine, TellsItsVersion) {
  EXPECT_EQ(run_command({"version"}).out, "penstock " + std::string(kVersion) + "\n");
  EXPECT_THAT(run_command({"--version"}).out, HasSubstr(kVersion));
}

TEST_F(CommandLine, RefusesMistakesWithStatusTwo) {
  const std::vector<std::vector<std::string>> mistakes = {{},
                                                          {"nothing"},
                                                          {"serve", "--nothing"},
                                                          {"serve", "--port", "x"},
                                                          {"serve", "--port", "65536"},
                                                          {"serve", "--port", "-1"},
                                                          {"check", "--config"},
                                                          {"version", "extra"}};
  for (const std::vector<std::string>& arguments : mistakes) {
    const Outcome outcome = run_command(arguments);
    EXPECT_EQ(outcome.status, 2) << ::testing::PrintToString(arguments);
    EXPECT_EQ(outcome.out, "") << ::testing::PrintToString(arguments);
    EXPECT_NE(outcome.err, "") << ::testing::PrintToString(arguments);
  }
}

// --- check ---

TEST_F(CommandLine, CheckPrintsTheConfigurationWithSecretsMasked) {
  const std::string path = file(provider_yaml("http://upstream.test", R"(server:
  api_keys: [{name: alice, key: client-canary-0123}]
)"));
  const Outcome outcome = run_command({"check", "--config", path});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("http://upstream.test/v1"), HasSubstr("********"),
                                 HasSubstr("alice"), Not(HasSubstr("canary"))));
}

TEST_F(CommandLine, CheckTakesAFileWithoutTheOptionsName) {
  const std::string path = file(provider_yaml("http://upstream.test"));
  const Outcome outcome = run_command({"check", path});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("http://upstream.test/v1"));
  EXPECT_EQ(run_command({"check", path, "--config", path}).status, 2);
}

TEST_F(CommandLine, CheckNamesEveryMistakeWithItsPosition) {
  const std::string path = file(R"(version: 2
providers:
  inference:
    - provider_id: main
      provider_type: remote::passthrough
      config:
        base_ulr: http://upstream.test
        refresh_models: perhaps
        api_key: ${env.PENSTOCK_TEST_MISSING}
server:
  port: 65536
  timeouts:
    first_byte: soon
)");
  const Outcome outcome = run_command({"check", "--config", path});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  const std::vector<std::string> positions = {"7:9", "8:25", "9:18", "11:9", "13:17"};
  std::size_t at = 0;
  for (const std::string& position : positions) {
    const std::string begin = path + ":" + position + ": ";
    const std::size_t found = outcome.err.find(begin, at);
    ASSERT_NE(found, std::string::npos) << begin << " is missing or late in\n" << outcome.err;
    at = found;
  }
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("did you mean `base_url`?"));
}

TEST_F(CommandLine, CheckNamesAFileThatIsNotThere) {
  const std::string path = directory.path_of("none.yaml");
  const Outcome outcome = run_command({"check", "--config", path});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, StartsWith(path + ":1:1: "));
}

TEST_F(CommandLine, CheckTakesTheBuiltInConfigurationWithoutAFile) {
  {
    const Variable url("PASSTHROUGH_URL", "http://upstream.test:8000");
    const Variable key("PASSTHROUGH_API_KEY", "sk-canary-0123456789");
    const Outcome outcome = run_command({"check"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("provider_id: passthrough"),
                      HasSubstr("http://upstream.test:8000/v1"), Not(HasSubstr("canary"))));
  }
  const Outcome without = run_command({"check"});
  EXPECT_EQ(without.status, 2);
  EXPECT_THAT(without.err, HasSubstr("PASSTHROUGH_URL"));
}

// --- serve ---

TEST_F(CommandLine, ServeRefusesToBeOpenToEverybody) {
  const std::string path = file(provider_yaml("http://upstream.test"));
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1", "example.com"}) {
    const Outcome outcome = run_command({"serve", "--config", path, "--host", host, "--port", "0"});
    EXPECT_EQ(outcome.status, 2) << host;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(host), HasSubstr("--allow-anonymous"))) << host;
  }
  const std::string open = file(provider_yaml("http://upstream.test", "server: {host: 0.0.0.0}\n"));
  EXPECT_EQ(run_command({"serve", "--config", open}).status, 2);
}

TEST_F(CommandLine, ServeNamesAPortThatIsTaken) {
  const testing::ScriptedUpstream taken;
  const std::string path = file(provider_yaml("http://upstream.test"));
  const std::string port = std::to_string(taken.port());
  const Outcome outcome = run_command({"serve", "--config", path, "--port", port});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr(port));
}

TEST_F(CommandLine, ServeNamesTheMistakesOfTheConfiguration) {
  const std::string path = file(provider_yaml("upstream.test"));
  const Outcome outcome = run_command({"serve", "--config", path});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, StartsWith(path + ":6:19: "));
}

// --- models ---

TEST_F(CommandLine, ModelsShowsATable) {
  testing::ScriptedUpstream upstream;
  upstream.set_models({"m1", "a/much-longer:name"});
  const Outcome outcome = run_command({"models", "-c", file(provider_yaml(upstream.url()))});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "MODEL                    PROVIDER  UPSTREAM MODEL      TYPE\n"
            "main/m1                  main      m1                  llm\n"
            "main/a/much-longer:name  main      a/much-longer:name  llm\n");
  EXPECT_EQ(upstream.models_requests()[0].head.find("authorization"),
            "Bearer sk-canary-0123456789");
}

TEST_F(CommandLine, ModelsTellsWhichProviderCouldNotBeAsked) {
  testing::ScriptedUpstream upstream;
  const testing::RefusingPort nobody;
  const std::string other = fmt::format(
      "    - {{provider_id: other, provider_type: \"remote::passthrough\", config: {{base_url: "
      "\"http://127.0.0.1:{}\"}}}}\n",
      nobody.port());
  const Outcome outcome = run_command({"models", "-c", file(provider_yaml(upstream.url(), other))});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("provider other: "));
  EXPECT_THAT(outcome.out, HasSubstr("main/m1"));
}

// reported-failures 5.12
TEST_F(CommandLine, ModelsAsksAllProvidersAtOnce) {
  testing::ScriptedUpstream one;
  testing::ScriptedUpstream two;
  const auto both_asked = std::make_shared<testing::Latch>();
  const std::string list = testing::json_answer(200, R"({"data":[{"id":"m1"}]})");
  one.answer_models(testing::Script().pause(both_asked).send(list));
  two.answer_models(testing::Script().pause(both_asked).send(list));
  bool asked = false;
  std::thread releasing([&] {
    asked = one.wait_for_models_request() && two.wait_for_models_request();
    both_asked->release();
  });
  const std::string other = fmt::format(
      "    - {{provider_id: other, provider_type: \"remote::passthrough\", config: {{base_url: "
      "\"{}\"}}}}\n",
      two.url());
  const Outcome outcome = run_command({"models", "-c", file(provider_yaml(one.url(), other))});
  releasing.join();
  EXPECT_TRUE(asked);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ContainsRegex("main/m1 .*\nother/m1 "));
}

// reported-failures 4.1
TEST_F(CommandLine, ModelsTellsWhereAnUpstreamRedirects) {
  testing::ScriptedUpstream upstream;
  upstream.answer_models(testing::Script().send(
      testing::json_answer(301, "{}", {{"Location", "http://moved.test/v1/models?key=secret"}})));
  const Outcome outcome = run_command({"models", "-c", file(provider_yaml(upstream.url()))});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("(it redirects to http://moved.test/v1/models)"));
}

TEST_F(CommandLine, ModelsShowsOnlyWhatIsAllowed) {
  testing::ScriptedUpstream upstream;
  upstream.set_models({"a", "b"});
  const std::string path = file(provider_yaml(upstream.url(), "        allowed_models: [b]\n"));
  const Outcome outcome = run_command({"models", "-c", path});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("main/b"), Not(HasSubstr("main/a"))));
}

// reported-failures 7.1, 7.2
TEST_F(CommandLine, ModelsShowsRegisteredModelsAsAServerWouldListThem) {
  testing::ScriptedUpstream upstream;
  const std::string models =
      "registered_resources:\n"
      "  models:\n"
      "    - {model_id: named, provider_id: main, provider_model_id: org/m2}\n"
      "    - {model_id: quick, provider_id: all, provider_model_id: auto}\n"
      "    - {model_id: none, provider_id: main, provider_model_id: auto, model_type: rerank}\n";
  const Outcome outcome =
      run_command({"models", "-c", file(provider_yaml(upstream.url(), models))});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("main/none is not served: provider 'main' lists no model"));
  EXPECT_THAT(outcome.out, ContainsRegex("\nmain/named +main +org/m2 +llm\n"
                                         "quick +main +m1 +llm\n"
                                         "main/m1 +main +m1 +llm\n$"));
}

TEST(ImportCommand, PrintsAConfigurationAndRemarksOnTheRest) {
  const testing::TempDirectory directory;
  const std::string file = directory.write("config.yaml",
                                           "model_list:\n"
                                           "- {model_name: a, litellm_params: {model: ollama/x}}\n"
                                           "guardrails: [g]\n");
  const Outcome outcome = run_command({"import", "litellm", file});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("provider_type: remote::ollama"));
  EXPECT_EQ(outcome.err, file + ":3:1: warning: guardrails: not carried over\n");
}

TEST(ImportCommand, RefusesWhatItCannotRead) {
  const Outcome missing = run_command({"import", "envoy", "/nowhere/x.yaml"});
  EXPECT_EQ(missing.status, 2);
  EXPECT_EQ(missing.out, "");
  EXPECT_THAT(missing.err, HasSubstr("cannot be read"));
  EXPECT_EQ(run_command({"import", "nginx", "/dev/null"}).status, 2);
  const Outcome empty = run_command({"import", "llama-swap", "/dev/null"});
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.err, HasSubstr("nothing in this file can be carried over"));
}

}  // namespace
}  // namespace penstock::app
