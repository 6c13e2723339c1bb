// Threads whose loops do not turn.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

std::vector<pid_t> io_threads() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(entry.path() / "comm");
    std::string name;
    std::getline(file, name);
    if (name == "io") found.push_back(std::stoi(entry.path().filename().string()));
  }
  return found;
}

std::atomic<bool> keep_held{false};
std::atomic<int> held_count{0};

void hold_this_thread(int) {
  const int saved = errno;
  ++held_count;
  const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  while (keep_held) nanosleep(&pause, nullptr);
  --held_count;
  errno = saved;
}

// Keeps a thread from going on until it is destroyed, as a turn of its loop would that never ends.
class HeldThread {
 public:
  explicit HeldThread(pid_t thread) {
    keep_held = true;
    struct sigaction action{};
    action.sa_handler = hold_this_thread;
    sigaction(SIGRTMIN, &action, nullptr);
    EXPECT_EQ(syscall(SYS_tgkill, getpid(), thread, SIGRTMIN), 0);
    EXPECT_TRUE(eventually([] { return held_count == 1; }));
  }
  ~HeldThread() {
    keep_held = false;
    EXPECT_TRUE(eventually([] { return held_count == 0; }));
  }
  HeldThread(const HeldThread&) = delete;
  HeldThread& operator=(const HeldThread&) = delete;
};

using HungThreads = GatewayTest;

TEST_F(HungThreads, DoNotKeepTheAdminListenerFromAnswering) {
  settings.server.threads = 1;
  settings.admin.emplace();
  const std::uint16_t admin = service().admin_port();
  ASSERT_EQ(RawClient(admin).ask(get("/livez")).status(), 200);
  const std::vector<pid_t> threads = io_threads();
  ASSERT_EQ(threads.size(), 1U);
  const HeldThread held(threads[0]);
  for (const char* const path : {"/livez", "/readyz", "/metrics"}) {
    EXPECT_EQ(RawClient(admin).ask(get(path)).status(), 200) << path;
  }
}

TEST_F(HungThreads, OweTheirAnswersWhileTheOthersGiveTheirs) {
  settings.server.threads = 2;
  net::LoopPulse& pulse = service().pulse();
  const auto owed = [&] { return pulse.longest_owed(Clock::now()).count(); };
  const auto late = [&] { return pulse.late(Clock::now(), milliseconds(1)); };
  pulse.ask(Clock::now());
  EXPECT_TRUE(eventually([&] { return owed() == 0; }));
  const std::vector<pid_t> threads = io_threads();
  ASSERT_EQ(threads.size(), 2U);
  {
    const HeldThread held(threads[0]);
    pulse.ask(Clock::now());
    EXPECT_TRUE(eventually([&] { return late() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return owed() == 0; }));
  service().drain();
  EXPECT_TRUE(service().wait());
  // Those that have ended owe nothing.
  pulse.ask(Clock::now());
  EXPECT_EQ(owed(), 0);
}

}  // namespace
}  // namespace penstock::testing
