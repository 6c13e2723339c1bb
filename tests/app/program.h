#pragma once

// The program itself, as a process.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/paths.h"
#include "support/scripted_upstream.h"
#include "support/temp_directory.h"
#include "support/test_service.h"

namespace penstock::testing {

// A running program whose stderr can be read.
class Program {
 public:
  // `variables` are added to its environment, as "NAME=value".
  explicit Program(std::vector<std::string> arguments, std::vector<std::string> variables = {}) {
    arguments.insert(arguments.begin(), PENSTOCK_BINARY_DIR "/bin/penstock");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    for (char** inherited = environ; *inherited != nullptr; ++inherited) {
      environment.push_back(*inherited);
    }
    environment.push_back(nullptr);
    std::array<int, 2> pipe_ends{};
    EXPECT_EQ(pipe2(pipe_ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    EXPECT_EQ(posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environment.data()),
              0);
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

  pid_t id() const { return process_; }
  // Its limit on the size of a core dump.
  rlimit core_limit() const {
    rlimit limit{};
    EXPECT_EQ(prlimit(process_, RLIMIT_CORE, nullptr, &limit), 0);
    return limit;
  }
  void signal(int number) const { kill(process_, number); }

  // Waits for `text`; returns what follows it on its line.
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

  // The exit status; negative if a signal ended it, or if it did not end.
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

  // `server` is added to the configuration.
  std::vector<std::string> serve(const std::string& server = {}) {
    const std::string path = directory.write("run.yaml", fmt::format(R"(providers:
  inference:
    - {{provider_id: main, provider_type: "remote::passthrough", config: {{base_url: "{}"}}}}
)",
                                                                     upstream.url()) +
                                                             server);
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

}  // namespace penstock::testing
