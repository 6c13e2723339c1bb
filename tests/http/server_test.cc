#include "http/server.h"

#include <functional>
#include <new>
#include <stdexcept>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "net/epoll_poller.h"
#include "net/wait.h"
#include "support/few_descriptors.h"
#include "support/patience.h"

namespace penstock::http {
namespace {

using testing::kPatience;

class ThrowingHandler final : public Handler {
 public:
  Task<void> handle(ServerConnection& connection) override {
    if (!waits) throw std::runtime_error("a fault");
    connection.admit();
    ++waiting;
    co_await net::wait_any(connection.loop(), nullptr, connection.gone());
  }
  std::string refuse(const Error& error, AnswerTo, const net::SocketAddress&) override {
    if (throws_at_refusal) throw std::bad_alloc();
    return std::string(name_of(error.kind));
  }
  void connection_opened() override {
    if (throws_at_opening) throw std::bad_alloc();
    ++open;
  }
  void connection_closed() override { --open; }
  int open = 0;
  bool waits = false;
  bool throws_at_refusal = false;
  bool throws_at_opening = false;
  int waiting = 0;
};

// A server on a real port, and clients that block: the kernel holds what is sent either way.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    limits_.header_timeout = std::chrono::hours(1);
    server_.start();
  }

  ~ServerTest() override {
    server_.stop();
    EXPECT_TRUE(run_until([&] { return server_.connections() == 0 && joined(); }));
    for (const int client : clients_) close(client);
  }

  bool joined() {
    if (!join_started_) tasks_.spawn(server_.join());
    join_started_ = true;
    return tasks_.size() == 0;
  }

  static int new_socket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  int connect_client(std::string_view text = {}) { return connect_client(new_socket(), text); }
  int connect_client(int client, std::string_view text) {
    EXPECT_EQ(connect(client, address_.data(), address_.size()), 0);
    EXPECT_EQ(send(client, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    clients_.push_back(client);
    return client;
  }

  bool run_until(const std::function<bool()>& done) {
    const SteadyTime until = clock_.steady() + kPatience;
    while (!done()) {
      if (clock_.steady() >= until) return false;
      loop_.run_once(std::chrono::milliseconds(20));
    }
    return true;
  }

  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  ScratchPool scratch_;
  ServerLimits limits_{.reserved_connections = 0};
  ConnectionCount count_{1};
  ThrowingHandler handler_;
  std::string exceptions_;
  std::unique_ptr<net::Listener> listener_ =
      *net::Listener::open(poller_, *net::resolve_listen_address("127.0.0.1", 0));
  const net::SocketAddress address_ = listener_->address();
  BodyBudget bodies_{1024 * 1024};
  Server server_{{loop_, scratch_, limits_, bodies_, handler_},
                 std::move(listener_),
                 nullptr,
                 count_,
                 [this](std::string_view what) { exceptions_ += what; }};
  net::TaskGroup tasks_{loop_, [](std::string_view what) { ADD_FAILURE() << what; }};
  bool join_started_ = false;
  std::vector<int> clients_;
};

TEST_F(ServerTest, ForgetsAConnectionThatEndedWithAnException) {
  connect_client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return !exceptions_.empty(); }));
  EXPECT_EQ(exceptions_, "a fault");
  EXPECT_EQ(server_.connections(), 0u);
  EXPECT_EQ(handler_.open, 0);
  EXPECT_TRUE(count_.enter()) << "its place is free again";
  count_.leave();
  server_.drain();
}

// Error paths that no test entered: no memory for one connection is no reason to take no others.
TEST_F(ServerTest, AcceptsTheNextAfterAnExceptionWhileItAccepts) {
  handler_.waits = true;
  handler_.throws_at_opening = true;
  connect_client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return !exceptions_.empty(); }));
  handler_.throws_at_opening = false;
  EXPECT_EQ(handler_.open, 0);

  connect_client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return handler_.waiting == 1; }));
  exceptions_.clear();
  handler_.throws_at_refusal = true;
  connect_client();
  EXPECT_TRUE(run_until([&] { return !exceptions_.empty(); }));
  EXPECT_EQ(exceptions_, "std::bad_alloc");

  handler_.throws_at_refusal = false;
  const int next = connect_client();
  EXPECT_TRUE(run_until([&] {
    char byte = 0;
    return recv(next, &byte, 1, MSG_DONTWAIT) == 1;
  })) << "it is refused with a word";
}

TEST_F(ServerTest, EndsAConnectionThatIsAcceptedInTheTurnOfTheStop) {
  loop_.run_once(std::chrono::nanoseconds(0));
  connect_client();
  // The poll tells of the connection; it is accepted in the next turn only.
  loop_.run_once(std::chrono::milliseconds(100));
  EXPECT_EQ(server_.connections(), 0u);
  server_.stop();
  EXPECT_TRUE(run_until([&] { return joined(); }));
}

TEST_F(ServerTest, RefusesConnectionsWithAWordWhereItHasNoReservedPlaces) {
  handler_.waits = true;
  connect_client("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return handler_.waiting == 1; }));
  const int second = connect_client();
  std::string text(100, '\0');
  ssize_t got = -1;
  EXPECT_TRUE(run_until([&] {
    got = recv(second, text.data(), text.size(), MSG_DONTWAIT);
    return got >= 0;
  }));
  EXPECT_EQ(text.substr(0, static_cast<std::size_t>(got)), "overloaded");
  EXPECT_EQ(server_.connections(), 1u);
}

// faults-measured #11
TEST_F(ServerTest, EndsAStrangerWhereDescriptorsHaveRunOut) {
  handler_.waits = true;
  connect_client();
  EXPECT_TRUE(run_until([&] { return server_.connections() == 1; }));
  const int holder = new_socket();
  const testing::FewDescriptors few;
  connect_client(holder, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(run_until([&] { return handler_.waiting == 1; }));
  EXPECT_EQ(server_.connections(), 1u);
}

// faults-measured #11
TEST_F(ServerTest, AcceptsAgainWhenThereAreDescriptors) {
  handler_.waits = true;
  const int client = new_socket();
  {
    const testing::FewDescriptors few;
    connect_client(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    for (int i = 0; i < 3; ++i) loop_.run_once(std::chrono::milliseconds(20));
    EXPECT_EQ(handler_.waiting, 0);
  }
  EXPECT_TRUE(run_until([&] { return handler_.waiting == 1; }));
}

TEST_F(ServerTest, IsNotQuietWhileAHeadIsArriving) {
  EXPECT_TRUE(server_.quiet().raised());
  const int client = connect_client("GET / HTT");
  EXPECT_TRUE(run_until([&] { return !server_.quiet().raised(); }));
  server_.drain();
  loop_.run_once(std::chrono::nanoseconds(0));
  EXPECT_FALSE(server_.quiet().raised());
  constexpr std::string_view kRest = "P/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(send(client, kRest.data(), kRest.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(kRest.size()));
  EXPECT_TRUE(run_until([&] { return server_.quiet().raised(); }));
  EXPECT_EQ(exceptions_, "a fault") << "the request was served";
}

}  // namespace
}  // namespace penstock::http
