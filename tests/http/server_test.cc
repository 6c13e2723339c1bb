#include "http/server.h"

#include <csignal>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"
#include "net/wait.h"
#include "support/few_descriptors.h"

namespace penstock::http {
namespace {

class ThrowingHandler final : public Handler {
 public:
  Task<void> handle(ServerExchange& connection) override {
    if (!waits) throw std::runtime_error("a fault");
    connection.admit();
    ++waiting;
    co_await net::wait_any(connection.loop(), nullptr, connection.gone());
  }
  Refusal refuse(const Error& error, const net::SocketAddress&, std::string_view) override {
    if (throws_at_refusal) throw std::bad_alloc();
    Refusal refusal;
    refusal.status = 503;
    refusal.body = name_of(error.kind);
    return refusal;
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

class ServerTest : public ServerFixture<ThrowingHandler> {
 protected:
  explicit ServerTest(const net::TlsContext* tls = nullptr)
      : ServerFixture({.tls = tls, .connections = 1}) {}
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

// Lack of memory for one connection must not keep others from being accepted.
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
  // The poll reports the connection; it is accepted only in the next turn.
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
  std::string text(200, '\0');
  ssize_t got = -1;
  EXPECT_TRUE(run_until([&] {
    got = recv(second, text.data(), text.size(), MSG_DONTWAIT);
    return got >= 0;
  }));
  EXPECT_THAT(text.substr(0, static_cast<std::size_t>(got)),
              ::testing::EndsWith("Connection: close\r\n\r\noverloaded"));
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
  // The undefined-behaviour sanitizer needs descriptors of its own to check an object's type for
  // the first time.
  loop_.run_once(std::chrono::milliseconds(0));
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
  say(client, kRest);
  EXPECT_TRUE(run_until([&] { return server_.quiet().raised(); }));
  EXPECT_EQ(exceptions_, "a fault") << "the request was served";
}

// Over TLS, in a drain.
class DrainTest : public ServerTest {
 protected:
  DrainTest() : ServerTest(&server_tls()) { std::signal(SIGPIPE, SIG_IGN); }

  void begin_drain() {
    server_.drain();
    for (int i = 0; i < 3; ++i) loop_.run_once(std::chrono::nanoseconds(0));
  }
  // The server has closed the client's connection.
  bool is_closed(int client) {
    return run_until([&] {
      char byte = 0;
      return recv(client, &byte, 1, MSG_DONTWAIT) == 0;
    });
  }
};

TEST_F(DrainTest, DoesNotWaitForAClientThatHasSentNothing) {
  connect_client();
  EXPECT_TRUE(run_until([&] { return handler_.open == 1; }));
  begin_drain();
  EXPECT_TRUE(server_.quiet().raised());
}

TEST_F(DrainTest, WaitsForAClientThatIsSilentInTheMiddleOfItsHandshakeNoLongerThanForAHead) {
  const int client = connect_client("\x16\x03\x01");
  EXPECT_TRUE(run_until([&] { return !server_.quiet().raised(); }));
  begin_drain();
  EXPECT_FALSE(server_.quiet().raised());
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(run_until([&] { return server_.quiet().raised(); }));
  EXPECT_TRUE(is_closed(client));
  EXPECT_EQ(exceptions_, "");
}

TEST_F(DrainTest, ServesTheRequestOfAClientWhoseHandshakeHadBegun) {
  const int client = connect_client();
  EXPECT_EQ(fcntl(client, F_SETFL, O_NONBLOCK), 0);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(server_pki().client_context()),
                                                      SSL_free);
  SSL_set_fd(ssl.get(), client);
  EXPECT_EQ(SSL_connect(ssl.get()), -1);
  EXPECT_TRUE(run_until([&] { return !server_.quiet().raised(); }));
  begin_drain();
  EXPECT_TRUE(run_until([&] { return SSL_connect(ssl.get()) == 1; }));
  loop_.run_once(std::chrono::nanoseconds(0));
  EXPECT_FALSE(server_.quiet().raised());
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(SSL_write(ssl.get(), kRequest.data(), kRequest.size()), int{kRequest.size()});
  EXPECT_TRUE(run_until([&] { return server_.quiet().raised(); }));
  EXPECT_EQ(exceptions_, "a fault") << "the request was served";
}

}  // namespace
}  // namespace penstock::http
