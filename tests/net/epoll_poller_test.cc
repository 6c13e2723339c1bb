#include "net/epoll_poller.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

#include "support/patience.h"

namespace penstock::net {
namespace {

using testing::kPatience;

std::vector<int> event_descriptors() {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry, gone) == "anon_inode:[eventfd]") {
      found.push_back(std::stoi(entry.path().filename()));
    }
  }
  return found;
}

// Whether a poll ends before its time.
bool is_woken(EpollPoller& poller) {
  const testing::TimePoint until = testing::after(kPatience);
  poller.poll(kPatience);
  return testing::Clock::now() < until;
}

TEST(EpollPoller, EndsAPollThatIsWokenBefore) {
  EpollPoller poller;
  poller.wake();
  EXPECT_TRUE(is_woken(poller));
}

// Nobody reads the counter, so it fills up eventually.
TEST(EpollPoller, IsWokenAlthoughTheCounterOfWakesIsFull) {
  EpollPoller poller;
  const std::vector<int> counters = event_descriptors();
  ASSERT_EQ(counters.size(), 1u);
  constexpr std::uint64_t kFull = std::numeric_limits<std::uint64_t>::max() - 1;
  ASSERT_EQ(write(counters.front(), &kFull, sizeof kFull), ssize_t{sizeof kFull});
  poller.poll(std::chrono::nanoseconds(0));
  for (int i = 0; i < 2; ++i) {
    poller.wake();
    EXPECT_TRUE(is_woken(poller));
  }
}

}  // namespace
}  // namespace penstock::net
