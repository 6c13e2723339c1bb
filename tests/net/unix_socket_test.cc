#include "net/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <optional>

#include "net/connector.h"
#include "net/listener.h"
#include "support/simulated_loop.h"
#include "support/temp_directory.h"

namespace penstock::net {
namespace {

using testing::TempDirectory;

class UnixSocketTest : public ::testing::Test {
 protected:
  bool exists() const { return access(path_.c_str(), F_OK) == 0; }

  const TempDirectory directory_;
  const std::string path_ = directory_.path_of("p.sock");
};

TEST_F(UnixSocketTest, HasTheModeThatWasAskedForWhateverTheUmask) {
  const mode_t before = umask(077);
  const auto socket = UnixSocket::listen(path_, 0660);
  umask(before);
  ASSERT_TRUE(socket) << socket.error().message;
  struct stat file{};
  ASSERT_EQ(stat(path_.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
}

TEST_F(UnixSocketTest, RemovesItsFileAtTheEnd) {
  auto socket = UnixSocket::listen(path_, 0600);
  ASSERT_TRUE(socket);
  EXPECT_TRUE(exists());
  socket->reset();
  EXPECT_FALSE(exists());
}

TEST_F(UnixSocketTest, LeavesTheFileOfALaterServer) {
  auto first = UnixSocket::listen(path_, 0600);
  ASSERT_TRUE(first);
  unlink(path_.c_str());
  const auto second = UnixSocket::listen(path_, 0600);
  ASSERT_TRUE(second);
  first->reset();
  EXPECT_TRUE(exists());
}

TEST_F(UnixSocketTest, ReplacesAFileThatNobodyListensOn) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  const int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  ASSERT_TRUE(exists());
  const auto socket = UnixSocket::listen(path_, 0600);
  EXPECT_TRUE(socket) << socket.error().message;
}

TEST_F(UnixSocketTest, IsRefusedWhereAnotherServerListens) {
  const auto first = UnixSocket::listen(path_, 0600);
  ASSERT_TRUE(first);
  const auto second = UnixSocket::listen(path_, 0600);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "cannot listen on unix:" + path_ +
                                        ": another server listens on it; stop it, or choose "
                                        "another socket");
  EXPECT_TRUE(exists());
}

TEST_F(UnixSocketTest, ReplacesNoFileOfAnotherKind) {
  close(open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  const auto socket = UnixSocket::listen(path_, 0600);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().message,
            "cannot listen on unix:" + path_ + ": there is a file that is not a socket");
  EXPECT_TRUE(exists());
  EXPECT_FALSE(UnixSocket::check(path_));
}

TEST_F(UnixSocketTest, SaysWhatItsFolderLacks) {
  const auto socket = UnixSocket::listen(directory_.path_of("none/p.sock"), 0600);
  ASSERT_FALSE(socket);
  EXPECT_TRUE(socket.error().message.ends_with("No such file or directory; create its folder"))
      << socket.error().message;
  EXPECT_FALSE(UnixSocket::check(directory_.path_of("none/p.sock")));
  EXPECT_TRUE(UnixSocket::check(path_));
}

// Each poller has a descriptor of its own; a connection is accepted once.
TEST_F(UnixSocketTest, IsSharedByListenersAndReachedByTheConnector) {
  const auto socket = *UnixSocket::listen(path_, 0600);
  FakeClock clock;
  EpollPoller poller;
  EpollPoller other_poller;
  EventLoop loop(clock, poller);
  auto listener = *Listener::share(poller, *socket);
  const auto other = *Listener::share(other_poller, *socket);

  class NoResolver final : public Resolver {
   public:
    Task<Result<std::vector<SocketAddress>>> resolve(Question, SteadyTime, Signal&) override {
      co_return failure(Error::cancelled());
    }
  };
  NoResolver resolver;
  SocketConnector connector(loop, poller, resolver);
  Signal cancel;
  const Destination destination{.host = "localhost", .socket = path_};
  std::optional<Result<std::unique_ptr<Stream>>> connected;
  testing::Tasks tasks(loop);
  tasks.start(connector.connect(destination, clock.steady() + std::chrono::seconds(5), cancel),
              connected);
  for (int i = 0; i < 100 && !(connected && listener->readable().raised()); ++i) {
    loop.run_once(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(connected);
  ASSERT_TRUE(*connected) << connected->error().message;
  EXPECT_EQ((**connected)->peer().text(), "unix");
  Listener::Accepted accepted = listener->accept();
  ASSERT_EQ(accepted.kind, Listener::Accepted::Kind::kConnection);
  EXPECT_TRUE(accepted.peer.is_unix());
  EXPECT_EQ(other->accept().kind, Listener::Accepted::Kind::kNoneWaiting);

  // Its place in the poller ends with it, although the socket stays open.
  listener.reset();
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  loop.run_once(std::chrono::milliseconds(1));
  EXPECT_EQ(other->accept().kind, Listener::Accepted::Kind::kConnection);
  close(client);
}

TEST_F(UnixSocketTest, ThatIsNotThereIsUnreachable) {
  FakeClock clock;
  EpollPoller poller;
  EventLoop loop(clock, poller);
  class NoResolver final : public Resolver {
   public:
    Task<Result<std::vector<SocketAddress>>> resolve(Question, SteadyTime, Signal&) override {
      co_return failure(Error::cancelled());
    }
  };
  NoResolver resolver;
  SocketConnector connector(loop, poller, resolver);
  Signal cancel;
  const Destination destination{.host = "localhost", .socket = path_};
  std::optional<Result<std::unique_ptr<Stream>>> connected;
  testing::Tasks tasks(loop);
  tasks.start(connector.connect(destination, clock.steady() + std::chrono::seconds(5), cancel),
              connected);
  loop.run_once(std::chrono::nanoseconds(0));
  ASSERT_TRUE(connected);
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().message,
            "cannot connect to the upstream: No such file or directory");
  EXPECT_EQ(connected->error().retry, RetryClass::kNothingSent);
}

}  // namespace
}  // namespace penstock::net
