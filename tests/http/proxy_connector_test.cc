// The proxy's end is in the test's hands; inside the tunnel there is a real TLS server.

#include "http/proxy_connector.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/tunnel_answer.h"
#include "net/listener.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"
#include "support/test_pki.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemoryStream;
using testing::SimulatedLoop;
using testing::Tasks;

constexpr std::string_view kOpened = "HTTP/1.1 200 Connection established\r\n\r\n";

// Leads to the test's end of a pair, or nowhere.
class ToProxy final : public net::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination& destination,
                                                     SteadyTime, net::Signal&) override {
    asked.push_back(destination);
    if (refuses) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                                        "cannot connect to the proxy: Connection refused"));
    }
    auto [near, far] = testing::memory_pair();
    proxy = std::move(far);
    co_return std::move(near);
  }
  Task<Result<std::vector<net::SocketAddress>>> addresses_of(const net::Destination& destination,
                                                             SteadyTime, net::Signal&) override {
    looked_up.push_back(destination.host);
    if (forbids) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamForbidden, RetryClass::kNever, "no"));
    }
    co_return std::vector{*net::resolve_listen_address("198.51.100.7", destination.port)};
  }

  std::vector<net::Destination> asked;
  std::vector<std::string> looked_up;
  std::unique_ptr<MemoryStream> proxy;
  bool refuses = false;
  bool forbids = false;
};

class ProxyConnectorTest : public ::testing::Test {
 protected:
  ~ProxyConnectorTest() override {
    cancel_.raise();
    loop_.settle();
  }

  void dial(net::Destination destination, const std::string& credentials = "") {
    connector_.emplace(loop_.loop(), direct_, net::Destination{.host = "proxy", .port = 3128},
                       Secret(credentials));
    destination_ = std::move(destination);
    tasks_.start(connector_->connect(destination_, loop_.loop().now() + seconds(5), cancel_),
                 connected_);
    loop_.settle();
  }
  void dial() { dial({.host = "upstream.example", .port = 8000}); }
  void say(std::string_view text) {
    direct_.proxy->send(text);
    loop_.settle();
  }
  // Of the error; empty: there is none yet.
  std::string complaint() const {
    return connected_ && !*connected_ ? connected_->error().message : "";
  }
  std::string complaint_about(std::string_view answer, const std::string& credentials = "") {
    connected_.reset();
    dial({.host = "upstream.example", .port = 443}, credentials);
    say(answer);
    EXPECT_TRUE(connected_ && !*connected_) << answer;
    if (connected_ && !*connected_) {
      EXPECT_EQ(connected_->error().retry, RetryClass::kNothingSent);
    }
    return complaint();
  }

  SimulatedLoop loop_;
  ToProxy direct_;
  net::Signal cancel_;
  net::Destination destination_;
  std::optional<ProxyConnector> connector_;
  std::optional<Result<std::unique_ptr<net::Stream>>> connected_;
  Tasks tasks_{loop_.loop()};
};

// RFC 9110 section 9.3.6.
TEST_F(ProxyConnectorTest, AsksForATunnel) {
  dial();
  ASSERT_EQ(direct_.asked.size(), 1u);
  EXPECT_EQ(direct_.asked[0].host, "proxy");
  EXPECT_EQ(direct_.asked[0].party, net::Destination::Party::kProxy);
  EXPECT_EQ(direct_.proxy->receive(),
            "CONNECT upstream.example:8000 HTTP/1.1\r\n"
            "Host: upstream.example:8000\r\n"
            "User-Agent: penstock\r\n\r\n");
  EXPECT_FALSE(connected_);
  say(kOpened);
  ASSERT_TRUE(connected_ && *connected_) << complaint();
  const iovec piece{.iov_base = const_cast<char*>("hello"), .iov_len = 5};
  (**connected_)->write({&piece, 1});
  EXPECT_EQ(direct_.proxy->receive(), "hello");
}

TEST_F(ProxyConnectorTest, ShowsItsCredentialsToTheProxy) {
  dial({.host = "::1", .port = 443}, "Aladdin:open sesame");
  // RFC 7617 section 2.
  EXPECT_EQ(direct_.proxy->receive(),
            "CONNECT [::1]:443 HTTP/1.1\r\n"
            "Host: [::1]:443\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
            "User-Agent: penstock\r\n\r\n");
}

TEST_F(ProxyConnectorTest, TakesAnyAnswerThatOpensATunnel) {
  for (const std::string_view answer :
       {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: x\r\n\r\n", "HTTP/1.1 204 No\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    connected_.reset();
    dial();
    say(answer.substr(0, 20));
    say(answer.substr(std::min<std::size_t>(20, answer.size())));
    EXPECT_TRUE(connected_ && *connected_) << answer << complaint();
  }
}

TEST_F(ProxyConnectorTest, SaysWhatTheProxyAnswered) {
  const std::string denied = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
  EXPECT_EQ(complaint_about(denied),
            "the proxy answered 407: it wants a user and a password in the URL of network.proxy");
  EXPECT_EQ(complaint_about(denied, "a:b"),
            "the proxy answered 407: it does not accept the user and the password of "
            "network.proxy");
  EXPECT_EQ(complaint_about("HTTP/1.1 403 Forbidden\r\nContent-Length: 900\r\n\r\n<html>"),
            "the proxy answered 403: it does not permit CONNECT to the upstream's host and port");
  EXPECT_EQ(complaint_about("HTTP/1.1 502 Bad\r\n\r\n"),
            "the proxy answered 502: it cannot reach the upstream");
  EXPECT_EQ(connected_->error().kind, ErrorKind::kUpstreamUnreachable);
  EXPECT_EQ(complaint_about("HTTP/1.1 504 Late\r\n\r\n"),
            "the proxy answered 504: it cannot reach the upstream");
  EXPECT_EQ(connected_->error().kind, ErrorKind::kUpstreamTimeout);
  EXPECT_EQ(complaint_about("HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n"),
            "the proxy answered 302 to CONNECT");
}

TEST_F(ProxyConnectorTest, RefusesWhatIsNoAnswer) {
  const std::string no_http = "the proxy's answer is not HTTP, or has too large a head";
  EXPECT_EQ(complaint_about("SSH-2.0-OpenSSH_9.2\r\n"), no_http);
  EXPECT_EQ(complaint_about("HTTP/1.1 200 OK\nx\r\n\r\n"), no_http);
  EXPECT_EQ(complaint_about("HTTP/1.1 200 OK\r\nx: " + std::string(20'000, 'x')), no_http);
  EXPECT_EQ(complaint_about(std::string(kOpened) + "x"),
            "the proxy sent something before the upstream was asked");
  std::string interim;
  for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(complaint_about(interim), "the proxy sent too many interim answers");
}

TEST_F(ProxyConnectorTest, TakesNoMoreThanAHead) {
  TunnelAnswer answer;
  const std::string line = "HTTP/1.1 200 OK\r\nx: ";
  std::size_t taken = 0;
  Status status;
  while (status) {
    const std::span<char> room = answer.room();
    for (char& c : room) {
      c = taken < line.size() ? line[taken] : 'x';
      ++taken;
    }
    status = answer.received(room.size());
    ASSERT_LE(taken, TunnelAnswer::kHeadBytesMax + 1024);
  }
  EXPECT_GE(taken, TunnelAnswer::kHeadBytesMax);
}

TEST_F(ProxyConnectorTest, EndsWithAProxyThatCloses) {
  dial();
  direct_.proxy->end_writing();
  loop_.settle();
  EXPECT_EQ(complaint(), "the proxy closed the connection without an answer");
  connected_.reset();
  dial();
  say("HTTP/1.1 200");
  direct_.proxy->reset();
  loop_.settle();
  EXPECT_EQ(complaint(), "the proxy closed the connection without an answer");
  connected_.reset();
  direct_.refuses = true;
  dial();
  EXPECT_EQ(complaint(), "cannot connect to the proxy: Connection refused");
}

TEST_F(ProxyConnectorTest, WaitsForAProxyNoLongerThanForAConnection) {
  dial();
  loop_.pass(milliseconds(4'900));
  // A byte now and then gives it no more time.
  say("H");
  EXPECT_FALSE(connected_);
  loop_.pass(milliseconds(100));
  EXPECT_EQ(complaint(), "the proxy took too long to connect to the upstream");
  EXPECT_EQ(connected_->error().kind, ErrorKind::kUpstreamTimeout);
  EXPECT_EQ(connected_->error().limit, Limit::kConnectTimeout);
}

TEST_F(ProxyConnectorTest, StopsWhenItIsCancelled) {
  dial();
  cancel_.raise();
  loop_.settle();
  ASSERT_TRUE(connected_ && !*connected_);
  EXPECT_EQ(connected_->error().kind, ErrorKind::kCancelled);
}

// The proxy might find another address by the name than the one that was checked.
TEST_F(ProxyConnectorTest, NamesTheCheckedAddressOfACallersHost) {
  dial({.host = "caller.example", .port = 443, .rule = net::AddressRule::kPublicOnly});
  EXPECT_EQ(direct_.looked_up, std::vector<std::string>{"caller.example"});
  EXPECT_TRUE(direct_.proxy->receive().starts_with("CONNECT 198.51.100.7:443 HTTP/1.1\r\n"));
  direct_.forbids = true;
  direct_.asked.clear();
  connected_.reset();
  dial({.host = "inside.example", .port = 443, .rule = net::AddressRule::kPublicOnly});
  ASSERT_TRUE(connected_ && !*connected_);
  EXPECT_EQ(connected_->error().kind, ErrorKind::kUpstreamForbidden);
  EXPECT_TRUE(direct_.asked.empty()) << "and the proxy is not asked";
}

TEST_F(ProxyConnectorTest, LooksNoHostUpThatTheOperatorHasNamed) {
  dial();
  EXPECT_TRUE(direct_.looked_up.empty());
}

// OpenSSL at the far end of the tunnel.
class Inside {
 public:
  explicit Inside(SSL_CTX* context) : ssl_(SSL_new(context)) {
    BIO* inside = nullptr;
    BIO_new_bio_pair(&inside, 64 * 1024, &outside_, 64 * 1024);
    SSL_set_bio(ssl_.get(), inside, inside);
    SSL_set_accept_state(ssl_.get());
  }
  ~Inside() { BIO_free(outside_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  SSL* ssl() { return ssl_.get(); }
  // What is on its way goes on.
  void pump(MemoryStream& stream) {
    const std::string in = stream.receive();
    BIO_write(outside_, in.data(), static_cast<int>(in.size()));
    SSL_do_handshake(ssl_.get());
    std::string out(64 * 1024, '\0');
    const int bytes = BIO_read(outside_, out.data(), static_cast<int>(out.size()));
    if (bytes > 0) stream.send(std::string_view(out).substr(0, static_cast<std::size_t>(bytes)));
  }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  BIO* outside_ = nullptr;
};

TEST_F(ProxyConnectorTest, SpeaksTlsWithTheUpstreamInsideTheTunnel) {
  const testing::TestPki pki;
  net::TlsContext::ClientOptions options;
  options.ca_file = pki.ca_file();
  const net::TlsContext context = *net::TlsContext::client(options);
  dial({.host = "localhost", .port = 443, .tls = &context});
  direct_.proxy->receive();
  say(kOpened);
  Inside inside(pki.server_context());
  for (int i = 0; i < 4; ++i) {
    inside.pump(*direct_.proxy);
    loop_.settle();
  }
  ASSERT_TRUE(connected_ && *connected_) << complaint();
  net::Stream& stream = ***connected_;
  const iovec piece{.iov_base = const_cast<char*>("ping"), .iov_len = 4};
  EXPECT_EQ(stream.write({&piece, 1}).bytes, 4u);
  inside.pump(*direct_.proxy);
  std::string heard(16, '\0');
  EXPECT_EQ(SSL_read(inside.ssl(), heard.data(), 16), 4);
  // Two records that arrive together are both readable, although one read takes both.
  SSL_write(inside.ssl(), "one", 3);
  SSL_write(inside.ssl(), "two", 3);
  inside.pump(*direct_.proxy);
  for (const std::string_view expected : {"one", "two"}) {
    std::string text(3, '\0');
    EXPECT_TRUE(stream.readable().raised()) << expected;
    EXPECT_EQ(stream.read(text).bytes, 3u);
    EXPECT_EQ(text, expected);
  }
}

TEST_F(ProxyConnectorTest, ChecksTheCertificateOfTheUpstream) {
  const testing::TestPki pki;
  const testing::TestPki other;
  net::TlsContext::ClientOptions options;
  options.ca_file = other.ca_file();
  const net::TlsContext context = *net::TlsContext::client(options);
  dial({.host = "localhost", .port = 443, .tls = &context});
  direct_.proxy->receive();
  say(kOpened);
  Inside inside(pki.server_context());
  for (int i = 0; i < 4 && !connected_; ++i) {
    inside.pump(*direct_.proxy);
    loop_.settle();
  }
  EXPECT_TRUE(complaint().starts_with("TLS with the upstream failed: ")) << complaint();
}

}  // namespace
}  // namespace penstock::http
