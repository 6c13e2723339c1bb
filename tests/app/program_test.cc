// The program itself, as a process: how it begins, tells its address and ends.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/endpoint.h"
#include "support/paths.h"
#include "support/patience.h"
#include "support/raw_client.h"
#include "support/scripted_upstream.h"
#include "support/test_service.h"

namespace penstock::testing {
namespace {

// A running program whose stderr can be read.
class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), PENSTOCK_BINARY_DIR "/bin/penstock");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    EXPECT_EQ(posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    stderr_ = pipe_ends[0];
    fcntl(stderr_, F_SETFL, O_NONBLOCK);
  }
  ~Program() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
    close(stderr_);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void signal(int number) const { kill(process_, number); }

  // Everything up to and with `text` has come; what follows it on its line.
  std::string read_until(const std::string& text) {
    std::size_t at = std::string::npos;
    const bool came = eventually([&] {
      std::array<char, 4096> bytes{};
      const ssize_t count = read(stderr_, bytes.data(), bytes.size());
      if (count > 0) output_.append(bytes.data(), static_cast<std::size_t>(count));
      at = output_.find(text);
      return at != std::string::npos && output_.find('\n', at) != std::string::npos;
    });
    EXPECT_TRUE(came) << "no '" << text << "' in: " << output_;
    if (!came) return {};
    const std::size_t begin = at + text.size();
    return output_.substr(begin, output_.find('\n', begin) - begin);
  }

  // The exit status; negative where a signal ended it, or where it did not end.
  int wait() {
    int status = 0;
    const bool ended = eventually([&] { return waitpid(process_, &status, WNOHANG) == process_; });
    EXPECT_TRUE(ended) << "the program goes on";
    if (!ended) return -1;
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t process_ = -1;
  int stderr_ = -1;
  std::string output_;
};

class ProgramTest : public ::testing::Test {
 protected:
  ScriptedUpstream upstream;
  TempDirectory directory;

  std::vector<std::string> serve() {
    const std::string path = directory.write("run.yaml", fmt::format(R"(providers:
  inference:
    - {{provider_id: main, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
)",
                                                                     upstream.url()));
    return {"serve", "--config", path, "--port", "0"};
  }
  static std::uint16_t port_of(Program& program) {
    const std::string address = program.read_until("listening on http://127.0.0.1:");
    std::uint16_t port = 0;
    std::from_chars(address.data(), address.data() + address.size(), port);
    EXPECT_NE(port, 0);
    return port;
  }
};

TEST_F(ProgramTest, ServesUntilASignalEndsIt) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program(serve());
    RawClient client(port_of(program));
    EXPECT_EQ(client.ask(chat(Answer::kWhole, "main/m1")).status(), 200);
    program.signal(signal);
    EXPECT_EQ(program.wait(), 0);
  }
}

TEST_F(ProgramTest, FinishesWhatIsOpenBeforeItEnds) {
  const auto latch = std::make_shared<Latch>();
  upstream.answer_next(
      Script().send(stream_head()).pause(latch).send(chunk(chat_events())).send(kLastChunk));
  Program program(serve());
  RawClient client(port_of(program));
  ASSERT_TRUE(client.send(chat(Answer::kStream, "main/m1")));
  EXPECT_EQ(client.read_head().status, 200);
  program.signal(SIGTERM);
  program.read_until("draining");
  latch->release();
  EXPECT_TRUE(client.read_rest().complete);
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(ProgramTest, EndsAtOnceAtTheSecondSignal) {
  upstream.answer_next(Script().send(stream_head()).stall());
  Program program(serve());
  RawClient client(port_of(program));
  ASSERT_TRUE(client.send(chat(Answer::kStream, "main/m1")));
  EXPECT_EQ(client.read_head().status, 200);
  program.signal(SIGTERM);
  program.read_until("draining");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_FALSE(client.read_rest().complete);
}

// reported-failures 6.7
TEST_F(ProgramTest, GoesOnAfterSignalsThatAskForAReload) {
  Program program(serve());
  RawClient client(port_of(program));
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE}) {
    program.signal(signal);
    if (signal != SIGPIPE) program.read_until("is ignored");
    EXPECT_EQ(client.ask(chat(Answer::kWhole, "main/m1")).status(), 200);
  }
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

// reported-failures 6.10
TEST_F(ProgramTest, SaysAtItsStartWhatItServes) {
  Program program(serve());
  EXPECT_THAT(program.read_until(" with "), ::testing::HasSubstr("run.yaml"));
  EXPECT_EQ(program.read_until("provider main: "), upstream.url() + "/v1");
}

// reported-failures 6.2
TEST_F(ProgramTest, ChecksWhatServingWouldFailAt) {
  const std::string provider =
      "providers:\n  inference:\n  - provider_id: p\n"
      "    provider_type: remote::passthrough\n";
  const std::string no_pem = directory.write("no.pem", "this is no certificate\n");
  const auto status = [&](const std::string& text) {
    return Program({"check", "--config", directory.write("checked.yaml", text)}).wait();
  };
  EXPECT_EQ(status(provider), 0);
  for (const std::string& config :
       {"network: {tls: {verify: " + no_pem + "}}", std::string("network: {tls: {ciphers: NONE}}"),
        "network: {tls: {client_cert: " + no_pem + ", client_key: " + no_pem + "}}"}) {
    EXPECT_EQ(status(provider + "    config: {base_url: 'https://h', " + config + "}\n"), 2)
        << config;
  }
  EXPECT_EQ(status(provider + "server: {access_log: /nowhere/access.log}\n"), 2);
  EXPECT_EQ(
      status(provider + "server: {tls_certfile: " + no_pem + ", tls_keyfile: " + no_pem + "}\n"),
      2);
  EXPECT_EQ(status(provider + "server: {host: no.such.host.invalid}\n"), 2);
  // The log of the server to come is not made.
  const std::string log = directory.path_of("access.log");
  EXPECT_EQ(status(provider + "server: {access_log: " + log + "}\n"), 0);
  EXPECT_NE(access(log.c_str(), F_OK), 0);
}

TEST_F(ProgramTest, TellsAMistakeByItsStatus) {
  EXPECT_EQ(Program({"check", "--config", directory.path_of("none.yaml")}).wait(), 2);
  EXPECT_EQ(Program({"nothing"}).wait(), 2);
  EXPECT_EQ(Program({"version"}).wait(), 0);
}

}  // namespace
}  // namespace penstock::testing
