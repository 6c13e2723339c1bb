// Hosts with several addresses, and hosts that move. The sockets are real; the test controls the
// names and the time.

#include "net/connector.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "net/listener.h"
#include "support/patience.h"
#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::kPatience;
using testing::Tasks;
using StreamResult = Result<std::unique_ptr<Stream>>;

SocketAddress address(const std::string& host, std::uint16_t port = 0) {
  return *resolve_listen_address(host, port);
}

// Answers as the test says: one way at first, another if a new answer is wanted.
class FakeResolver final : public Resolver {
 public:
  Task<Result<std::vector<SocketAddress>>> resolve(Question question, SteadyTime,
                                                   Signal&) override {
    questions.push_back(question);
    if (question.wanted == Question::Wanted::kNew && !moved.empty()) co_return moved;
    co_return kept;
  }

  std::vector<SocketAddress> kept;
  std::vector<SocketAddress> moved;
  std::vector<Question> questions;
};

// A port that neither accepts nor refuses connections: its queue is full.
class SilentPort {
 public:
  SilentPort() : listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress any = *resolve_listen_address("127.0.0.1", 0);
    bind(listening_, any.data(), any.size());
    listen(listening_, 0);
    const SocketAddress at = address();
    for (int i = 0; i < 8; ++i) {
      queued_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(queued_.back(), at.data(), at.size());
    }
  }
  ~SilentPort() {
    for (const int descriptor : queued_) close(descriptor);
    close(listening_);
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  SocketAddress address() const { return local_address(listening_); }

 private:
  int listening_;
  std::vector<int> queued_;
};

class ConnectorTest : public ::testing::Test {
 protected:
  ~ConnectorTest() override {
    cancel_.raise();
    run_until([&] { return tasks_.running() == 0; });
  }

  bool run_until(const std::function<bool()>& done) {
    const SystemClock real;
    const SteadyTime until = real.steady() + kPatience;
    while (!done()) {
      if (real.steady() >= until) return false;
      loop_.run_once(milliseconds(1));
    }
    return true;
  }
  // What this machine's kernel reports about itself comes at once.
  void settle() {
    for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::nanoseconds(0));
  }

  void dial(const Destination& destination = {.host = "host"}) {
    connected_.reset();
    tasks_.start(
        connector_.connect(destination_ = destination, clock_.steady() + seconds(5), cancel_),
        connected_);
    settle();
  }
  std::string peer() {
    if (!connected_) return "waits";
    if (!*connected_) return std::string(name_of(connected_->error().kind));
    return (**connected_)->peer().text();
  }
  SocketAddress good() const { return listener_->address(); }
  // Nobody listens there any more.
  SocketAddress refusing() { return (*Listener::open(poller_, address("127.0.0.1")))->address(); }

  FakeClock clock_;
  EpollPoller poller_;
  EventLoop loop_{clock_, poller_};
  FakeResolver resolver_;
  SocketConnector connector_{loop_, poller_, resolver_};
  std::unique_ptr<Listener> listener_ = *Listener::open(poller_, address("127.0.0.1"));
  Signal cancel_;
  Destination destination_;
  std::optional<StreamResult> connected_;
  Tasks tasks_{loop_};
};

// reported-failures 4.2
TEST_F(ConnectorTest, ADeadFirstAddressCostsAQuarterOfASecond) {
  const SilentPort dead;
  resolver_.kept = {dead.address(), good()};
  dial();
  EXPECT_EQ(peer(), "waits");
  clock_.advance(milliseconds(249));
  settle();
  EXPECT_EQ(peer(), "waits");
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), good().text());
}

TEST_F(ConnectorTest, AnAddressThatRefusesCostsNothing) {
  resolver_.kept = {refusing(), refusing(), good()};
  dial();
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), good().text());
}

TEST_F(ConnectorTest, AnAddressThatIsSlowMayStillWin) {
  const SilentPort slow;
  const SilentPort dead;
  resolver_.kept = {slow.address(), dead.address()};
  dial();
  for (int i = 0; i < 4; ++i) {
    clock_.advance(milliseconds(250));
    settle();
  }
  EXPECT_EQ(peer(), "waits");
  clock_.advance(seconds(4));
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  ASSERT_EQ(peer(), "upstream_timeout");
  EXPECT_EQ(connected_->error().limit, Limit::kConnectTimeout);
}

TEST_F(ConnectorTest, TriesTheFamiliesInTurn) {
  const SilentPort dead;
  auto v6 = Listener::open(poller_, address("::1"));
  if (!v6) GTEST_SKIP() << "this machine has no IPv6";
  // After one dead address of a family, the other family comes next.
  resolver_.kept = {dead.address(), dead.address(), dead.address(), (*v6)->address()};
  dial();
  clock_.advance(milliseconds(250));
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), (*v6)->address().text());
}

// reported-failures 4.2
TEST_F(ConnectorTest, LooksAMovedHostUpAgainAndConnectsToItsNewAddress) {
  resolver_.kept = {refusing()};
  resolver_.moved = {resolver_.kept[0], good()};
  dial();
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), good().text());
  ASSERT_EQ(resolver_.questions.size(), 2u);
  EXPECT_EQ(resolver_.questions[0].wanted, Question::Wanted::kKept);
  EXPECT_EQ(resolver_.questions[1].wanted, Question::Wanted::kNew);
}

TEST_F(ConnectorTest, DoesNotTryAnAddressTwice) {
  resolver_.kept = {refusing()};
  resolver_.moved = resolver_.kept;
  dial();
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), "upstream_unreachable");
  EXPECT_EQ(connected_->error().retry, RetryClass::kNothingSent);
}

TEST_F(ConnectorTest, IsCancelledInTheMiddleOfARace) {
  const SilentPort first;
  const SilentPort second;
  resolver_.kept = {first.address(), second.address()};
  dial();
  clock_.advance(milliseconds(250));
  settle();
  cancel_.raise();
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(peer(), "cancelled");
  EXPECT_EQ(resolver_.questions.size(), 1u);
}

TEST_F(ConnectorTest, TellsTheResolverWhoHasNamedTheHost) {
  resolver_.kept = {good()};
  dial({.host = "host", .named_by = Asker::kCaller});
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_EQ(resolver_.questions.at(0).asker, Asker::kCaller);
}

// The public address would be tried first.
TEST_F(ConnectorTest, RefusesANameThatHasPublicAndPrivateAddresses) {
  for (const char* inside : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00:ec2::254",
                             "::ffff:127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"}) {
    for (const bool private_first : {true, false}) {
      resolver_.kept = {address("8.8.8.8", 443), address(inside, good().port())};
      if (private_first) std::swap(resolver_.kept[0], resolver_.kept[1]);
      dial({.host = "host", .rule = AddressRule::kPublicOnly});
      EXPECT_EQ(peer(), "upstream_forbidden") << inside;
    }
  }
}

TEST_F(ConnectorTest, JudgesTheNewAddressesOfAMovedHostAsWell) {
  resolver_.kept = {};
  resolver_.moved = {good()};
  dial({.host = "host", .rule = AddressRule::kPublicOnly});
  EXPECT_TRUE(run_until([&] { return connected_.has_value(); }));
  EXPECT_FALSE(*connected_);
}

}  // namespace
}  // namespace penstock::net
