// SIGHUP: the program takes its configuration anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "app/command.h"
#include "app/program.h"
#include "support/raw_client.h"

namespace penstock::testing {
namespace {

class ReloadTest : public ProgramTest {
 protected:
  // The configuration is now this one.
  void configure(const std::string& server) { serve(server); }
};

std::string with_key(std::string_view key) {
  return fmt::format("server:\n  api_keys: [{{name: alice, key: {}}}]\n", key);
}

std::string models_with(std::string_view key) {
  return fmt::format("GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n", key);
}

TEST_F(ReloadTest, ServesTheNewConfigurationOnOpenConnections) {
  Program program(serve(with_key("sk-alice-one")));
  RawClient client(port_of(program));
  EXPECT_EQ(client.ask(models_with("sk-alice-one")).status(), 200);
  configure(with_key("sk-alice-two"));
  program.signal(SIGHUP);
  program.read_until("server.api_keys[alice].key");
  EXPECT_EQ(client.ask(models_with("sk-alice-two")).status(), 200);
  EXPECT_EQ(client.ask(models_with("sk-alice-one")).status(), 401);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ReloadTest, GoesOnAsBeforeWithAFileThatHasAMistake) {
  Program program(serve(with_key("sk-alice-one")));
  RawClient client(port_of(program));
  configure("server: {prot: 1}\n");
  program.signal(SIGHUP);
  program.read_until("server.prot: unknown key");
  program.read_until("the one before stays");
  EXPECT_EQ(client.ask(models_with("sk-alice-one")).status(), 200);
}

TEST_F(ReloadTest, RefusesWhatNeedsARestart) {
  Program program(serve("server: {threads: 1}\n"));
  RawClient client(port_of(program));
  configure("server: {threads: 2, core_dumps: true}\n");
  program.signal(SIGHUP);
  EXPECT_THAT(program.read_until("server.threads: "), ::testing::HasSubstr("needs a restart"));
  program.read_until("the one before stays");
  EXPECT_EQ(client.ask(get("/healthz")).status(), 200);
}

TEST_F(ReloadTest, IsOrderedByACommandThatSaysWhatHasChanged) {
  Program program(serve(with_key("sk-alice-one")));
  const std::string url = fmt::format("http://127.0.0.1:{}", port_of(program));
  configure("server:\n  api_keys: [{name: root, key: sk-root-one, role: admin}]\n");
  const auto reload = [&](const std::string& key) {
    return run_command({"reload", "--url", url, "--api-key", key});
  };
  EXPECT_THAT(reload("sk-alice-two").err, ::testing::HasSubstr("answers 401"));
  EXPECT_THAT(reload("sk-alice-one").err, ::testing::HasSubstr("answers 403"));
  program.signal(SIGHUP);
  program.read_until("is reloaded");
  configure("server:\n  api_keys: [{name: root, key: sk-root-two, role: admin}]\n");
  const CommandOutcome done = reload("sk-root-one");
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_THAT(done.out, ::testing::HasSubstr("server.api_keys[root].key: changed"));
  configure("server: {prot: 1}\n");
  const CommandOutcome refused = reload("sk-root-two");
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, ::testing::HasSubstr("server.prot: unknown key"));
  EXPECT_THAT(refused.err, ::testing::HasSubstr("the configuration before stays"));
}

// Neither those that are served nor those that come.
TEST_F(ReloadTest, SaysNothingOfWhatFilesContain) {
  const auto with_file = [&](std::string_view name, std::string_view content) {
    return fmt::format(
        "server: {{reload: {{debounce: 1}}}}\nregistered_resources:\n  models: "
        "[{{model_id: m, provider_model_id: '${{file:{}}}'}}]\n",
        directory.write(std::string(name), std::string(content)));
  };
  Program program(serve(with_file("one", "hunter2-model\n")));
  const std::string url = fmt::format("http://127.0.0.1:{}", port_of(program));
  configure(with_file("two", "hunter3-model\n"));
  const CommandOutcome outcome = run_command({"reload", "--url", url});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("models[m].provider_model_id: changed"));
  EXPECT_THAT(outcome.out, ::testing::Not(::testing::HasSubstr("hunter")));
  EXPECT_EQ(program.read_until("models[m].provider_model_id: ").find("hunter"), std::string::npos);
}

TEST_F(ReloadTest, StartsWithoutAWordOfWhatFilesContain) {
  const std::string address = upstream.url().substr(std::string_view("http://").size());
  const std::string path = directory.write(
      "run.yaml", fmt::format("providers: {{inference: [{{provider_id: main, provider_type: "
                              "'remote::passthrough', config: {{base_url: "
                              "'http://${{file:{}}}'}}}}]}}\n",
                              directory.write("address", address)));
  Program program({"serve", "--config", path, "--port", "0"});
  EXPECT_EQ(program.read_until("provider main: "), "http://********/v1");
}

// As Kubernetes updates a ConfigMap: a link above the file is replaced.
TEST_F(ReloadTest, NoticesALinkThatIsReplaced) {
  const auto configuration = [&](std::string_view folder, std::string_view key) {
    std::filesystem::create_directory(directory.path_of(folder));
    const std::string text = with_key(key) + "  reload: {watch: true, debounce: 10ms}\n" +
                             fmt::format(
                                 "providers: {{inference: [{{provider_id: main, provider_type: "
                                 "\"remote::passthrough\", config: {{base_url: \"{}\"}}}}]}}\n",
                                 upstream.url());
    directory.write(std::string(folder) + "/run.yaml", text);
  };
  const auto swap = [&](std::string_view folder) {
    std::filesystem::create_directory_symlink(folder, directory.path_of("..data_tmp"));
    std::filesystem::rename(directory.path_of("..data_tmp"), directory.path_of("..data"));
  };
  configuration("one", "sk-alice-one");
  configuration("two", "sk-alice-two");
  swap("one");
  std::filesystem::create_symlink("..data/run.yaml", directory.path_of("run.yaml"));
  Program program({"serve", "--config", directory.path_of("run.yaml"), "--port", "0"});
  RawClient client(port_of(program));
  EXPECT_EQ(client.ask(models_with("sk-alice-one")).status(), 200);
  swap("two");
  program.read_until("server.api_keys[alice].key");
  EXPECT_EQ(client.ask(models_with("sk-alice-two")).status(), 200);
}

}  // namespace
}  // namespace penstock::testing
