// Handshakes that cannot write: the other end takes nothing for a while. The test controls the far
// end, and when it reads.

#include "net/tls_stream.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "net/epoll_poller.h"
#include "support/patience.h"
#include "support/simulated_loop.h"
#include "support/test_pki.h"

namespace penstock::net {
namespace {

using std::chrono::milliseconds;
using testing::kPatience;
using testing::Tasks;

enum class Role { kServer, kClient };

// OpenSSL over a socket, below which other bytes may be in the way.
class FarEnd {
 public:
  FarEnd(int descriptor, SSL_CTX* context, Role role)
      : descriptor_(descriptor), ssl_(SSL_new(context)) {
    BIO* inside = nullptr;
    BIO_new_bio_pair(&inside, kBytes, &outside_, kBytes);
    SSL_set_bio(ssl_.get(), inside, inside);
    role == Role::kServer ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
  ~FarEnd() {
    BIO_free(outside_);
    close(descriptor_);
  }
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  void step() {
    done_ = SSL_do_handshake(ssl_.get()) == 1;
    std::array<char, kBytes> bytes;
    const int out = BIO_read(outside_, bytes.data(), kBytes);
    if (out <= 0) return;
    EXPECT_EQ(write(descriptor_, bytes.data(), static_cast<std::size_t>(out)), out);
  }
  // Takes what has arrived, except that many bytes at its beginning.
  void take(std::size_t& in_the_way) {
    std::array<char, kBytes> bytes;
    const ssize_t got = recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got <= 0) return;
    const std::size_t dropped = std::min(in_the_way, static_cast<std::size_t>(got));
    in_the_way -= dropped;
    const int rest = static_cast<int>(static_cast<std::size_t>(got) - dropped);
    EXPECT_EQ(BIO_write(outside_, bytes.data() + dropped, rest), rest);
  }
  bool done() const { return done_; }

 private:
  static constexpr int kBytes = 16 * 1024;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  int descriptor_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* outside_ = nullptr;
  bool done_ = false;
};

class TlsHandshakeTest : public ::testing::Test {
 protected:
  TlsHandshakeTest() {
    std::signal(SIGPIPE, SIG_IGN);
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near_ = ends[0];
    far_ = ends[1];
    // Until the kernel accepts no further byte from the near end.
    const std::string some(1024, 'x');
    for (;;) {
      const ssize_t sent = write(near_, some.data(), some.size());
      if (sent <= 0) break;
      in_the_way_ += static_cast<std::size_t>(sent);
    }
  }
  ~TlsHandshakeTest() override {
    cancel_.raise();
    run_until([&] { return tasks_.running() == 0; });
  }

  TlsStream& stream(const TlsContext& context) {
    stream_.emplace(std::make_unique<RegisteredSocket>(poller_, near_), SocketAddress(), context);
    return *stream_;
  }
  bool run_until(const std::function<bool()>& done) {
    const testing::TimePoint until = testing::after(kPatience);
    while (!done()) {
      if (testing::Clock::now() >= until) return false;
      loop_.run_once(milliseconds(1));
    }
    return true;
  }
  // Nothing happens while the far end reads nothing; then the handshake completes.
  void expect_wait_and_end(FarEnd& far) {
    for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::nanoseconds(0));
    EXPECT_FALSE(shaken_);
    EXPECT_TRUE(run_until([&] {
      far.take(in_the_way_);
      far.step();
      return shaken_ && far.done();
    }));
    ASSERT_TRUE(shaken_);
    EXPECT_TRUE(*shaken_) << shaken_->error().message;
  }

  const testing::TestPki pki_;
  FakeClock clock_;
  EpollPoller poller_;
  EventLoop loop_{clock_, poller_};
  Deadline deadline_{loop_};
  Signal cancel_;
  int near_ = -1;
  int far_ = -1;
  std::size_t in_the_way_ = 0;
  std::optional<TlsStream> stream_;
  std::optional<Status> shaken_;
  Tasks tasks_{loop_};
};

TEST_F(TlsHandshakeTest, OfAServerWaitsUntilItCanWrite) {
  const TlsContext context = *TlsContext::server({.certificate_file = pki_.certificate_file(),
                                                  .key_file = pki_.key_file(),
                                                  .client_ca_file = {}});
  FarEnd client(far_, pki_.client_context(), Role::kClient);
  client.step();
  tasks_.start(stream(context).accept(loop_, deadline_, cancel_), shaken_);
  expect_wait_and_end(client);
}

TEST_F(TlsHandshakeTest, OfAClientWaitsUntilItCanWrite) {
  TlsContext::ClientOptions options;
  options.ca_file = pki_.ca_file();
  const TlsContext context = *TlsContext::client(options);
  FarEnd server(far_, pki_.server_context(), Role::kServer);
  tasks_.start(stream(context).connect(loop_, deadline_, cancel_, "localhost"), shaken_);
  expect_wait_and_end(server);
}

TEST_F(TlsHandshakeTest, ThatCannotWriteHasItsTime) {
  const TlsContext context = *TlsContext::server({.certificate_file = pki_.certificate_file(),
                                                  .key_file = pki_.key_file(),
                                                  .client_ca_file = {}});
  FarEnd client(far_, pki_.client_context(), Role::kClient);
  client.step();
  deadline_.set_after(milliseconds(100));
  tasks_.start(stream(context).accept(loop_, deadline_, cancel_), shaken_);
  for (int i = 0; i < 20; ++i) loop_.run_once(std::chrono::nanoseconds(0));
  EXPECT_FALSE(shaken_);
  clock_.advance(milliseconds(100));
  EXPECT_TRUE(run_until([&] { return shaken_.has_value(); }));
  ASSERT_FALSE(*shaken_);
  EXPECT_EQ(shaken_->error().limit, Limit::kClientHeaderTimeout);
  EXPECT_EQ(stream_->accept_failure(), TlsFailure::kTimeout);
}

}  // namespace
}  // namespace penstock::net
