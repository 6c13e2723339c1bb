// A server behind a load balancer that speaks the PROXY protocol, on a real port. The clients here
// are the load balancer.

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace penstock::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPlainRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kLine = "PROXY TCP4 192.0.2.7 198.51.100.2 56324 443\r\n";
// Version 2, 192.0.2.8:56324.
constexpr std::string_view kBinary =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0C\xC0\x00\x02\x08\xC6\x33\x64\x02\xDC\x04\x01\xBB"sv;
constexpr std::string_view kLocalBinary = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"sv;

class PeerRecorder final : public Handler {
 public:
  Task<void> handle(ServerExchange& exchange) override {
    peers.push_back(exchange.peer().host_text());
    Pieces body;
    body.add("ok");
    const Status sent = co_await exchange.respond(200, {}, body);
    (void)sent;
  }
  Refusal refuse(const Error& error, const net::SocketAddress&, std::string_view) override {
    refused.push_back(std::string(name_of(error.kind)));
    return {};
  }
  void proxy_header_failed(ProxyHeaderFailure failure, const net::SocketAddress&) override {
    failed.push_back(std::string(name_of(failure)));
  }
  void limit_hit(Limit limit) override { limits.push_back(limit); }
  void connection_closed() override { ++closed; }

  std::vector<std::string> peers;
  std::vector<std::string> refused;
  std::vector<std::string> failed;
  std::vector<Limit> limits;
  int closed = 0;
};

class ProxyProtocolTest : public ServerFixture<PeerRecorder> {
 protected:
  using Protocol = TrustedPeers::ProxyProtocol;

  explicit ProxyProtocolTest(const net::TlsContext* tls = nullptr)
      : ServerFixture({.tls = tls,
                       .trusted = {.ranges = {*AddressRange::parse("127.0.0.0/8")},
                                   .proxy_protocol = Protocol::kRequired}}) {}
  void TearDown() override {
    ServerFixture::TearDown();
    EXPECT_EQ(exceptions_, "");
  }

  // The address that the request of a connection with these bytes comes from.
  std::string peer_of(const std::string& bytes) {
    const std::size_t before = handler_.peers.size();
    connect_client(bytes);
    EXPECT_TRUE(run_until([&] { return handler_.peers.size() > before; })) << bytes;
    return handler_.peers.size() > before ? handler_.peers.back() : "nobody";
  }
  // Why a connection with these bytes is closed.
  std::string failure_of(std::string_view bytes) {
    const std::size_t before = handler_.failed.size();
    connect_client(bytes);
    EXPECT_TRUE(run_until([&] { return handler_.failed.size() > before; })) << bytes;
    return handler_.failed.size() > before ? handler_.failed.back() : "not closed";
  }
};

TEST_F(ProxyProtocolTest, TellsWhereAConnectionComesFrom) {
  EXPECT_EQ(peer_of(std::string(kLine).append(kPlainRequest)), "192.0.2.7");
  EXPECT_EQ(peer_of(std::string(kBinary).append(kPlainRequest)), "192.0.2.8");
  EXPECT_EQ(peer_of(std::string(kLocalBinary).append(kPlainRequest)), "127.0.0.1");
  EXPECT_EQ(peer_of(std::string("PROXY UNKNOWN\r\n").append(kPlainRequest)), "127.0.0.1");
  EXPECT_TRUE(handler_.failed.empty());
}

TEST_F(ProxyProtocolTest, HoldsForAllRequestsOfTheConnection) {
  EXPECT_EQ(peer_of(std::string(kLine).append(kPlainRequest).append(kPlainRequest)), "192.0.2.7");
  EXPECT_TRUE(run_until([&] { return handler_.peers.size() == 2; }));
  EXPECT_EQ(handler_.peers[1], "192.0.2.7");
}

TEST_F(ProxyProtocolTest, MayArriveByteByByte) {
  const int client = connect_client();
  for (const char byte : kBinary) {
    say(client, {&byte, 1});
    loop_.run_once(std::chrono::milliseconds(1));
    EXPECT_TRUE(handler_.peers.empty());
  }
  say(client, kPlainRequest);
  EXPECT_TRUE(run_until([&] { return !handler_.peers.empty(); }));
  EXPECT_EQ(handler_.peers[0], "192.0.2.8");
}

TEST_F(ProxyProtocolTest, ClosesAConnectionWithoutASoundHeader) {
  EXPECT_EQ(failure_of(kPlainRequest), "missing");
  EXPECT_EQ(failure_of("PROXY TCP4 192.0.2.7\r\n"), "malformed");
  EXPECT_EQ(failure_of("\r\n\r\n\0\r\nQUIT\n\x21\x11\xFF\xFF"sv), "too_large");
  EXPECT_TRUE(run_until([&] { return handler_.closed == 3; }));
  EXPECT_TRUE(handler_.peers.empty());
  EXPECT_TRUE(handler_.refused.empty()) << "and is not answered";
}

TEST_F(ProxyProtocolTest, HasTheTimeOfAHead) {
  connect_client(kBinary.substr(0, 20));
  EXPECT_TRUE(run_until([&] { return !server_.quiet().raised(); }));
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(run_until([&] { return handler_.closed == 1; }));
  EXPECT_EQ(handler_.failed, std::vector<std::string>{"timeout"});
  // A connection without a byte is only idle.
  connect_client();
  loop_.run_once(std::chrono::milliseconds(20));
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(run_until([&] { return handler_.closed == 2; }));
  EXPECT_EQ(handler_.failed.size(), 1u);
  EXPECT_EQ(handler_.limits, std::vector<Limit>{Limit::kIdleTimeout});
}

TEST_F(ProxyProtocolTest, IsNotMissedByAConnectionThatSendsNothing) {
  const int client = connect_client();
  shutdown(client, SHUT_WR);
  EXPECT_TRUE(run_until([&] { return handler_.closed == 1; }));
  EXPECT_TRUE(handler_.failed.empty());
}

TEST_F(ProxyProtocolTest, MayBreakOff) {
  const int client = connect_client(kLine.substr(0, 9));
  shutdown(client, SHUT_WR);
  EXPECT_TRUE(run_until([&] { return handler_.closed == 1; }));
  EXPECT_EQ(handler_.failed, std::vector<std::string>{"closed"});
}

TEST_F(ProxyProtocolTest, MayBeLeftOutIfItIsOptional) {
  trusted_.proxy_protocol = Protocol::kOptional;
  EXPECT_EQ(peer_of(std::string(kPlainRequest)), "127.0.0.1");
  EXPECT_EQ(peer_of(std::string(kLine).append(kPlainRequest)), "192.0.2.7");
  EXPECT_EQ(failure_of("PROXY nonsense\r\n"), "malformed");
}

// Anybody else could name any address.
TEST_F(ProxyProtocolTest, IsReadFromTrustedAddressesOnly) {
  trusted_.ranges = {*AddressRange::parse("10.0.0.0/8")};
  EXPECT_EQ(peer_of(std::string(kPlainRequest)), "127.0.0.1");
  connect_client(std::string(kLine).append(kPlainRequest));
  EXPECT_TRUE(run_until([&] { return !handler_.refused.empty(); }));
  EXPECT_EQ(handler_.refused[0], "malformed_request");
}

// The load balancer's address is trusted, the client's is not.
TEST_F(ProxyProtocolTest, NamesOneThatIsNotBelievedInItsTurn) {
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";
  EXPECT_EQ(peer_of(std::string(kLine).append(request)), "192.0.2.7");
  EXPECT_EQ(peer_of(std::string(kLocalBinary).append(request)), "203.0.113.9");
}

TEST_F(ProxyProtocolTest, EndsWithTheServer) {
  connect_client(kLine.substr(0, 9));
  EXPECT_TRUE(run_until([&] { return !server_.quiet().raised(); }));
  server_.stop();
  EXPECT_TRUE(run_until([&] { return handler_.closed == 1; }));
  EXPECT_TRUE(handler_.failed.empty());
}

class ProxyProtocolTlsTest : public ProxyProtocolTest {
 protected:
  ProxyProtocolTlsTest() : ProxyProtocolTest(&server_tls()) { std::signal(SIGPIPE, SIG_IGN); }
};

// The client's hello follows in the same packet.
TEST_F(ProxyProtocolTlsTest, ComesBeforeTheHandshake) {
  const int client = connect_client();
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(server_pki().client_context()),
                                                      SSL_free);
  BIO* inside = nullptr;
  BIO* outside = nullptr;
  BIO_new_bio_pair(&inside, 64 * 1024, &outside, 64 * 1024);
  SSL_set_bio(ssl.get(), inside, inside);
  SSL_set_connect_state(ssl.get());
  std::array<char, 16 * 1024> bytes;
  SSL_do_handshake(ssl.get());
  int out = BIO_read(outside, bytes.data(), bytes.size());
  say(client, std::string(kBinary).append(bytes.data(), static_cast<std::size_t>(out)));
  bool asked = false;
  EXPECT_TRUE(run_until([&] {
    const ssize_t got = recv(client, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got > 0) BIO_write(outside, bytes.data(), static_cast<int>(got));
    const bool shaken = SSL_do_handshake(ssl.get()) == 1;
    if (shaken && !asked) {
      asked = true;
      SSL_write(ssl.get(), kPlainRequest.data(), static_cast<int>(kPlainRequest.size()));
    }
    out = BIO_read(outside, bytes.data(), bytes.size());
    if (out > 0) say(client, {bytes.data(), static_cast<std::size_t>(out)});
    return !handler_.peers.empty();
  }));
  EXPECT_EQ(handler_.peers.at(0), "192.0.2.8");
  BIO_free(outside);
}

}  // namespace
}  // namespace penstock::http
