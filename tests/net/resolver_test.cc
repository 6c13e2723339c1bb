#include "net/resolver.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/epoll_poller.h"
#include "support/patience.h"
#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using testing::kPatience;
using testing::Tasks;
using Addresses = Result<std::vector<SocketAddress>>;

class ResolverTest : public ::testing::Test {
 protected:
  template <class Done>
  bool run_until(Done done) {
    const SteadyTime until = clock_.steady() + kPatience;
    while (!done()) {
      if (clock_.steady() >= until) return false;
      loop_.run_once(std::chrono::milliseconds(20));
    }
    return true;
  }

  std::optional<Addresses> resolve(const std::string& host) {
    std::optional<Addresses> found;
    tasks_.start(resolver_->resolve(host, 80, clock_.steady() + kPatience, cancel_), found);
    EXPECT_TRUE(run_until([&] { return found.has_value(); }));
    return found;
  }

  SystemClock clock_;
  EpollPoller poller_;
  EventLoop loop_{clock_, poller_};
  LookupThreads threads_{2};
  Signal cancel_;
  std::unique_ptr<SystemResolver> resolver_ = std::make_unique<SystemResolver>(loop_, threads_);
  Tasks tasks_{loop_};
};

TEST_F(ResolverTest, TakesAddressesAsTheyAre) {
  EXPECT_EQ((**resolve("192.0.2.7"))[0].text(), "192.0.2.7:80");
  EXPECT_EQ((**resolve("2001:db8::7"))[0].text(), "[2001:db8::7]:80");
}

TEST_F(ResolverTest, FindsTheMachineItself) {
  const auto found = resolve("localhost");
  ASSERT_TRUE(*found);
  ASSERT_FALSE((*found)->empty());
  EXPECT_EQ((**found)[0].port(), 80);
}

TEST_F(ResolverTest, SaysThatANameHasNoAddress) {
  // Not a name by its length, so that nobody is asked.
  const auto found = resolve(std::string(300, 'n'));
  ASSERT_FALSE(*found);
  EXPECT_EQ(found->error().kind, ErrorKind::kUpstreamUnreachable);
  EXPECT_EQ(found->error().retry, RetryClass::kNothingSent);
}

TEST_F(ResolverTest, AnswersManyWhoAskForOneNameAndMoreNamesThanItKeeps) {
  std::vector<std::optional<Addresses>> found(3'000);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string host = i % 2 == 0 ? "localhost" : std::string(300, 'n') + std::to_string(i);
    tasks_.start(resolver_->resolve(host, 80, clock_.steady() + kPatience, cancel_), found[i]);
  }
  ASSERT_TRUE(run_until([&] { return tasks_.running() == 0; }));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i]->has_value(), i % 2 == 0) << i;
  }
}

TEST_F(ResolverTest, LeavesAWaitWhenTheClientHasGoneAndLivesOnWithTheAnswer) {
  std::optional<Addresses> found;
  tasks_.start(resolver_->resolve("localhost", 80, clock_.steady() + kPatience, cancel_), found);
  cancel_.raise();
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  // The answer may have been quicker than the order of the loop; both are in order.
  if (!*found) {
    EXPECT_EQ(found->error().kind, ErrorKind::kCancelled);
  }
  cancel_.lower();
  EXPECT_TRUE(*resolve("localhost"));
}

TEST_F(ResolverTest, MayBeDestroyedBeforeAnAnswerThatIsOnItsWayToTheLoop) {
  for (int i = 0; i < 20; ++i) {
    std::optional<Addresses> found;
    tasks_.start(resolver_->resolve("localhost", 80, clock_.steady() + kPatience, cancel_), found);
    cancel_.raise();
    // One turn may or may not see the answer; the next ones come too late for the resolver.
    loop_.run_once(std::chrono::nanoseconds(0));
    ASSERT_TRUE(run_until([&] { return found.has_value(); }));
    bool looked_up = false;
    threads_.run([&] { loop_.post([&] { looked_up = true; }); });
    threads_.run([] {});
    resolver_.reset();
    ASSERT_TRUE(run_until([&] { return looked_up; }));
    resolver_ = std::make_unique<SystemResolver>(loop_, threads_);
    cancel_.lower();
  }
}

}  // namespace
}  // namespace penstock::net
