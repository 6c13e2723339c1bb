// `penstock init`: from an answer of a service to a configuration that serves it.

#include "app/init.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/init_text.h"
#include "app/upstream_kind.h"
#include "config/load.h"
#include "support/endpoint.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string model_list(std::string_view id, std::string_view owner) {
  return fmt::format(
      R"({{"object":"list","data":[{{"id":"{}","object":"model","owned_by":"{}"}}]}})", id, owner);
}

class InitCommand : public ::testing::Test {
 protected:
  ScriptedUpstream upstream;
  TempDirectory directory;

  void list(std::string_view id, std::string_view owner) {
    upstream.answer_models(Script().send(json_answer(200, model_list(id, owner))));
  }
  CommandOutcome init(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"init", upstream.url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_command(arguments);
  }
};

TEST_F(InitCommand, WritesAFileThatChecksWithoutAWarning) {
  list("llama3.2:1b", "library");
  const CommandOutcome outcome = init();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("provider_type: remote::ollama\n"),
                                 HasSubstr("#   ollama/llama3.2:1b\n"),
                                 HasSubstr("provider_model_id: \"llama3.2:1b\"")));
  EXPECT_THAT(outcome.err, HasSubstr(upstream.url() + "/v1: Ollama, 1 model\n"));
  const std::string file = directory.write("run.yaml", outcome.out);
  const CommandOutcome checked = run_command({"check", file});
  EXPECT_EQ(checked.status, 0) << checked.err;
  EXPECT_EQ(checked.err, "");
  EXPECT_THAT(run_command({"models", file}).out, HasSubstr("ollama/llama3.2:1b"));
}

TEST_F(InitCommand, KnowsServicesByTheirLists) {
  struct Case {
    const char* owner;
    const char* type;
  };
  for (const Case& each :
       {Case{"vllm", "remote::vllm"}, Case{"llamacpp", "remote::llama.cpp"},
        Case{"library", "remote::ollama"}, Case{"organization_owner", "remote::passthrough"},
        Case{"somebody", "remote::passthrough"}}) {
    list("m1", each.owner);
    const CommandOutcome outcome = init();
    EXPECT_THAT(outcome.out, HasSubstr(fmt::format("provider_type: {}\n", each.type)))
        << each.owner;
    EXPECT_EQ(run_command({"check", directory.write("f.yaml", outcome.out)}).err, "");
  }
}

TEST_F(InitCommand, NamesTheVariableOfAKeyAndNeverTheKey) {
  const Variable key("PENSTOCK_TEST_KEY", "sk-canary-0123456789");
  const CommandOutcome outcome = init({"--key-env", "PENSTOCK_TEST_KEY"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("api_key: ${env.PENSTOCK_TEST_KEY}\n"), Not(HasSubstr("canary"))));
  for (const SeenRequest& request : upstream.models_requests()) {
    EXPECT_EQ(request.head.find("authorization"), "Bearer sk-canary-0123456789");
  }
  const CommandOutcome unset = init({"--key-env", "PENSTOCK_TEST_NONE"});
  EXPECT_EQ(unset.status, 2);
  EXPECT_THAT(unset.err, HasSubstr("PENSTOCK_TEST_NONE: the environment has no such variable"));
  EXPECT_EQ(run_command({"init", "--key-env", "PENSTOCK_TEST_KEY"}).status, 2);
}

TEST_F(InitCommand, TellsWhichVariableAKnownServiceNeeds) {
  const CommandOutcome outcome = run_command({"init", "https://api.groq.com"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("GROQ_API_KEY"));
}

TEST_F(InitCommand, NeverOverwritesAFile) {
  const std::string path = directory.path_of("new.yaml");
  EXPECT_EQ(init({"--output", path}).status, 0);
  const std::string written = read_file(path);
  EXPECT_THAT(written, HasSubstr("provider_id: main"));
  list("m2", "vllm");
  const CommandOutcome again = init({"-o", path});
  EXPECT_EQ(again.status, 2);
  EXPECT_THAT(again.err, HasSubstr(path + " exists, and is not overwritten"));
  EXPECT_EQ(read_file(path), written);
}

TEST_F(InitCommand, SaysWhatToDoWhereNothingAnswers) {
  const RefusingPort nobody;
  const CommandOutcome outcome =
      run_command({"init", fmt::format("http://127.0.0.1:{}", nobody.port())});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("refused"),
                    HasSubstr(fmt::format("`curl http://127.0.0.1:{}/v1/models`", nobody.port()))));
}

TEST_F(InitCommand, SaysThatAKeyIsWanted) {
  upstream.answer_models(Script().send(json_answer(401, R"({"error":{"message":"no"}})")));
  const CommandOutcome outcome = init();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("--key-env"));
}

TEST_F(InitCommand, RefusesWhatIsNoBaseUrl) {
  for (const char* url : {"upstream", "ftp://h", "http://h/v1/chat/completions"}) {
    const CommandOutcome outcome = run_command({"init", url});
    EXPECT_EQ(outcome.status, 2) << url;
    EXPECT_THAT(outcome.err, HasSubstr(url));
  }
}

TEST_F(InitCommand, LooksForServicesOnThisMachine) {
  list("m1", "vllm");
  ScriptedUpstream second;
  second.answer_models(Script().send(json_answer(200, model_list("m2", "vllm"))));
  const RefusingPort nobody;
  const std::vector<app::LocalService> services = {
      {upstream.url(), "Ollama"},
      {fmt::format("http://127.0.0.1:{}", nobody.port()), "llama.cpp"},
      {second.url(), "vLLM"}};
  const std::string path = directory.path_of("found.yaml");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(app::init({.url = {}, .output = path, .key_variable = {}}, services), 0);
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, AllOf(HasSubstr("(llama.cpp): "), HasSubstr("vLLM, 1 model")));
  EXPECT_THAT(read_file(path),
              AllOf(HasSubstr("provider_id: vllm\n"), HasSubstr("provider_id: vllm-2\n")));
  EXPECT_EQ(run_command({"check", path}).err, "");

  ::testing::internal::CaptureStderr();
  EXPECT_EQ(app::init({}, std::span(services).subspan(1, 1)), 1);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("penstock init http://HOST:PORT"));
}

// A model's name is the upstream's: it cannot end a comment or a value.
TEST(InitText, KeepsNamesOfModelsInTheirPlaces) {
  const app::FoundUpstream upstream{
      .url = "http://h/v1",
      .kind = app::kind_by_host("h"),
      .key_variable = {},
      .models = {"a\nserver: {host: 0.0.0.0}", "b: c #", "\u2028x", std::string("d\0e", 3)}};
  const std::string text = app::init_text({upstream}, "penstock init");
  const config::Loaded loaded =
      config::load_text(text, "run.yaml", [](std::string_view) { return std::nullopt; });
  EXPECT_THAT(loaded.problems, IsEmpty()) << text;
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->server.host, "127.0.0.1");
}

TEST(UpstreamKind, KnowsTheHostsOfTheTypesOfProviders) {
  EXPECT_EQ(app::kind_by_host("api.openai.com").provider_type, "remote::openai");
  EXPECT_EQ(app::kind_by_host("api.openai.com").key_variable, "OPENAI_API_KEY");
  EXPECT_EQ(app::kind_by_host("localhost").provider_type, "remote::passthrough");
}

}  // namespace
}  // namespace penstock::testing
