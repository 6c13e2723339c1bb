// The streams over real loopback sockets: how epoll, TCP and TLS keep the promises of net/stream.h.

#include "net/socket_stream.h"

#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <malloc.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "net/connector.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "net/tls_stream.h"
#include "net/wait.h"
#include "support/patience.h"
#include "support/test_pki.h"

namespace {

// OpenSSL's allocations that are alive and large enough for a record.
constexpr std::size_t kRecordBytes = 16 * 1024;
std::size_t live_record_buffers = 0;

std::size_t buffers(void* memory) {
  return memory != nullptr && malloc_usable_size(memory) >= kRecordBytes ? 1 : 0;
}

void* allocate(std::size_t bytes, const char*, int) {
  void* const memory = std::malloc(bytes);
  live_record_buffers += buffers(memory);
  return memory;
}

void release(void* memory, const char*, int) {
  live_record_buffers -= buffers(memory);
  std::free(memory);
}

void* reallocate(void* memory, std::size_t bytes, const char*, int) {
  live_record_buffers -= buffers(memory);
  void* const moved = std::realloc(memory, bytes);
  live_record_buffers += buffers(moved);
  return moved;
}

// OpenSSL accepts other functions only before its first allocation.
const bool counts_buffers = CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;

}  // namespace

namespace penstock::net {
namespace {

using testing::kPatience;

using StreamResult = Result<std::unique_ptr<Stream>>;

enum class Coat { kPlain, kTls };

SocketAddress loopback() {
  return *resolve_listen_address("127.0.0.1", 0);
}

const testing::TestPki& pki() {
  static const testing::TestPki made;
  return made;
}

// A loop, a listener, and pairs of connected streams.
class StreamTest : public ::testing::TestWithParam<Coat> {
 protected:
  StreamTest() {
    std::signal(SIGPIPE, SIG_IGN);
    if (GetParam() == Coat::kTls) {
      server_tls_ = *TlsContext::server({.certificate_file = pki().certificate_file(),
                                         .key_file = pki().key_file(),
                                         .client_ca_file = {}});
      TlsContext::ClientOptions options;
      options.ca_file = pki().ca_file();
      client_tls_ = *TlsContext::client(options);
    }
  }

  ~StreamTest() override {
    cancel_.raise();
    run_until([&] { return tasks_.size() == 0; });
  }

  bool is_tls() const { return GetParam() == Coat::kTls; }

  // Runs the loop until `done`. False if that takes too long.
  bool run_until(const std::function<bool()>& done) {
    const SteadyTime until = clock_.steady() + kPatience;
    while (!done()) {
      if (clock_.steady() >= until) return false;
      loop_.run_once(std::chrono::milliseconds(20));
    }
    return true;
  }

  // Polls the kernel once more.
  void look() {
    for (int i = 0; i < 3; ++i) loop_.run_once(std::chrono::nanoseconds(0));
  }

  void connect() {
    std::optional<StreamResult> connected;
    server_.reset();
    tasks_.spawn(dial(connected, "127.0.0.1", clock_.steady() + kPatience));
    tasks_.spawn(accept());
    ASSERT_TRUE(run_until([&] { return connected && server_; }));
    ASSERT_TRUE(*connected) << connected->error().message;
    client_ = std::move(**connected);
  }

  // By value: tasks of a group outlive the arguments that they are started with.
  Task<void> dial(std::optional<StreamResult>& into, std::string host, SteadyTime until) {
    const Destination destination{
        .host = host, .port = port_, .tls = is_tls() ? &*client_tls_ : nullptr};
    into.emplace(co_await connector_.connect(destination, until, cancel_));
  }

  Task<void> accept() {
    co_await wait_any(loop_, nullptr, listener_->readable(), cancel_);
    Listener::Accepted accepted = listener_->accept();
    if (accepted.socket == nullptr) co_return;
    server_descriptor_ = accepted.socket->descriptor();
    if (!is_tls()) {
      server_ = std::make_unique<SocketStream>(std::move(accepted.socket), accepted.peer);
      co_return;
    }
    auto stream =
        std::make_unique<TlsStream>(std::move(accepted.socket), accepted.peer, *server_tls_);
    Deadline deadline(loop_);
    const Status shaken = co_await stream->accept(loop_, deadline, cancel_);
    if (shaken) server_ = std::move(stream);
  }

  std::size_t write(Stream& stream, std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    const Transfer transfer = stream.write({&piece, 1});
    return transfer.kind == Transfer::Kind::kBytes ? transfer.bytes : 0;
  }

  // Reads by the rule of Stream: only while `readable` is raised, else waits for it.
  Transfer::Kind read_to_the_end(Stream& stream, std::string& text, std::size_t piece_bytes) {
    Transfer::Kind kind = Transfer::Kind::kWouldBlock;
    const bool ended = run_until([&] {
      while (stream.readable().raised()) {
        std::string piece(piece_bytes, '\0');
        const Transfer transfer = stream.read(piece);
        kind = transfer.kind;
        if (kind == Transfer::Kind::kBytes) text.append(piece, 0, transfer.bytes);
        if (kind == Transfer::Kind::kEnd || kind == Transfer::Kind::kFailed) return true;
      }
      return false;
    });
    return ended ? kind : Transfer::Kind::kWouldBlock;
  }

  SystemClock clock_;
  EpollPoller poller_;
  EventLoop loop_{clock_, poller_};
  LookupThreads lookups_{{.work = "look-ups"}};
  SystemResolver resolver_{loop_, lookups_, lookups_};
  SocketConnector connector_{loop_, poller_, resolver_};
  std::unique_ptr<Listener> listener_ = *Listener::open(poller_, loopback());
  const std::uint16_t port_ = listener_->address().port();
  std::optional<TlsContext> server_tls_;
  std::optional<TlsContext> client_tls_;
  Signal cancel_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
  int server_descriptor_ = -1;
  TaskGroup tasks_{loop_, [](std::string_view what) { ADD_FAILURE() << what; }};
};

TEST_P(StreamTest, FindsTheEndThatCameTogetherWithTheLastBytes) {
  for (const std::size_t piece_bytes : {1u, 5u, 6u, 100u}) {
    connect();
    EXPECT_EQ(write(*server_, "bytes"), 5u);
    server_.reset();
    std::string text;
    EXPECT_EQ(read_to_the_end(*client_, text, piece_bytes), Transfer::Kind::kEnd);
    EXPECT_EQ(text, "bytes");
    EXPECT_TRUE(run_until([&] { return client_->closed().raised(); }));
  }
}

TEST_P(StreamTest, WakesForBytesThatComeAfterAShortRead) {
  connect();
  std::string text;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(write(*server_, "a piece"), 7u);
    const std::size_t before = text.size();
    ASSERT_TRUE(run_until([&] {
      while (client_->readable().raised()) {
        std::string piece(1'000, '\0');
        const Transfer transfer = client_->read(piece);
        if (transfer.kind == Transfer::Kind::kBytes) text.append(piece, 0, transfer.bytes);
      }
      return text.size() > before;
    })) << "lost wake-up at "
        << i;
  }
  EXPECT_EQ(text.size(), 1'400u);
}

TEST_P(StreamTest, MovesMoreThanTheKernelHoldsAndWakesTheWriter) {
  connect();
  std::string sent(8 * 1024 * 1024, '\0');
  SeededRandom random(1);
  for (char& c : sent) c = static_cast<char>(random.next());
  std::size_t at = 0;
  std::string received;
  bool was_blocked = false;
  const bool all = run_until([&] {
    while (server_->writable().raised() && at < sent.size()) {
      const std::size_t wrote = write(*server_, std::string_view(sent).substr(at));
      if (wrote == 0) was_blocked = true;
      at += wrote;
    }
    while (client_->readable().raised()) {
      std::string piece(20'000, '\0');
      const Transfer transfer = client_->read(piece);
      if (transfer.kind == Transfer::Kind::kBytes) received.append(piece, 0, transfer.bytes);
    }
    return received.size() >= sent.size();
  });
  EXPECT_TRUE(all) << at << " written, " << received.size() << " received";
  EXPECT_TRUE(was_blocked);
  EXPECT_TRUE(received == sent);
}

TEST_P(StreamTest, WritesSmallPiecesAsOne) {
  connect();
  const std::string large(40'000, 'l');
  const iovec pieces[] = {{const_cast<char*>("head "), 5},
                          {const_cast<char*>(large.data()), large.size()},
                          {const_cast<char*>(" tail"), 5}};
  const std::string all = "head " + large + " tail";
  std::size_t sent = 0;
  // Like write_some(): the rest begins where the last write ended.
  std::size_t piece = 0;
  std::size_t offset = 0;
  while (sent < all.size()) {
    std::vector<iovec> rest(std::begin(pieces) + static_cast<long>(piece), std::end(pieces));
    rest[0].iov_base = static_cast<char*>(rest[0].iov_base) + offset;
    rest[0].iov_len -= offset;
    const Transfer transfer = server_->write(rest);
    ASSERT_EQ(transfer.kind, Transfer::Kind::kBytes);
    sent += transfer.bytes;
    offset += transfer.bytes;
    while (piece < 3 && offset >= pieces[piece].iov_len) offset -= pieces[piece++].iov_len;
  }
  server_.reset();
  std::string text;
  EXPECT_EQ(read_to_the_end(*client_, text, 4'096), Transfer::Kind::kEnd);
  EXPECT_TRUE(text == all);
}

TEST_P(StreamTest, KeepsReadingAfterItHasEndedWriting) {
  connect();
  write(*server_, "last words");
  server_->end_writing();
  std::string text;
  EXPECT_EQ(read_to_the_end(*client_, text, 100), Transfer::Kind::kEnd);
  EXPECT_EQ(text, "last words");
  EXPECT_EQ(write(*client_, "still sending"), 13u);
  client_.reset();
  text.clear();
  read_to_the_end(*server_, text, 100);
  EXPECT_EQ(text, "still sending");
}

TEST_P(StreamTest, TellsAResetFromAnEnd) {
  connect();
  server_->reset_on_close();
  server_.reset();
  std::string text;
  EXPECT_EQ(read_to_the_end(*client_, text, 100), Transfer::Kind::kFailed);
  EXPECT_TRUE(run_until([&] { return client_->closed().raised(); }));
  EXPECT_EQ(write(*client_, "into the void"), 0u);
}

TEST_P(StreamTest, IsSilentWhenNothingHappens) {
  connect();
  look();
  std::string piece(100, '\0');
  EXPECT_EQ(client_->read(piece).kind, Transfer::Kind::kWouldBlock);
  EXPECT_FALSE(client_->readable().raised());
  EXPECT_FALSE(client_->closed().raised());
  EXPECT_TRUE(client_->writable().raised());
}

TEST_P(StreamTest, RefusesToConnectWhereNobodyListens) {
  listener_.reset();
  std::optional<StreamResult> connected;
  tasks_.spawn(dial(connected, "127.0.0.1", clock_.steady() + kPatience));
  ASSERT_TRUE(run_until([&] { return connected.has_value(); }));
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().kind, ErrorKind::kUpstreamUnreachable);
  EXPECT_EQ(connected->error().retry, RetryClass::kNothingSent);
}

INSTANTIATE_TEST_SUITE_P(Coats, StreamTest, ::testing::Values(Coat::kPlain, Coat::kTls),
                         [](const auto& param) {
                           return param.param == Coat::kPlain ? "Plain" : "Tls";
                         });

// What only TLS has.
class TlsStreamTest : public StreamTest {
 protected:
  // The result of connecting to `host` with `options`.
  Error failed_connect(const std::string& host, const TlsContext::ClientOptions& options,
                       std::chrono::milliseconds within = kPatience) {
    client_tls_ = *TlsContext::client(options);
    std::optional<StreamResult> connected;
    tasks_.spawn(dial(connected, host, clock_.steady() + within));
    tasks_.spawn(accept());
    EXPECT_TRUE(run_until([&] { return connected.has_value(); }));
    EXPECT_FALSE(*connected);
    return *connected ? Error() : connected->error();
  }
};

TEST_P(TlsStreamTest, TellsACutConnectionFromAnEnd) {
  connect();
  write(*server_, "half");
  // The end of the TCP connection without close_notify.
  shutdown(server_descriptor_, SHUT_WR);
  std::string text;
  EXPECT_EQ(read_to_the_end(*client_, text, 100), Transfer::Kind::kFailed);
  EXPECT_EQ(text, "half");
}

TEST_P(TlsStreamTest, HoldsNoRecordBufferWhileNothingComes) {
  ASSERT_TRUE(counts_buffers);
  const std::size_t before = live_record_buffers;
  connect();
  // The first bytes after the client has written are the server's session tickets.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(write(*client_, "question"), 8u);
    std::string text(100, '\0');
    ASSERT_TRUE(run_until([&] { return server_->read(text).kind == Transfer::Kind::kBytes; }));
    EXPECT_EQ(server_->read(text).kind, Transfer::Kind::kWouldBlock);
    EXPECT_EQ(client_->read(text).kind, Transfer::Kind::kWouldBlock);
    EXPECT_EQ(live_record_buffers, before) << "before the answer " << i;
    EXPECT_EQ(write(*server_, "answer"), 6u);
    ASSERT_TRUE(run_until([&] { return client_->read(text).kind == Transfer::Kind::kBytes; }));
    EXPECT_EQ(live_record_buffers, before) << "after the answer " << i;
  }
}

TEST_P(TlsStreamTest, TrustsNobodyWhomItWasNotToldToTrust) {
  EXPECT_EQ(failed_connect("127.0.0.1", {}).kind, ErrorKind::kUpstreamUnreachable);
  TlsContext::ClientOptions careless;
  careless.verify = TlsContext::ClientOptions::Verify::kNo;
  client_tls_ = *TlsContext::client(careless);
  connect();
}

TEST_P(TlsStreamTest, RefusesACertificateOfAnotherName) {
  TlsContext::ClientOptions options;
  options.ca_file = pki().ca_file();
  // An old spelling of 127.0.0.1, which only getaddrinfo() does not take for a name.
  const Error error = failed_connect("127.1", options);
  EXPECT_EQ(error.kind, ErrorKind::kUpstreamUnreachable);
  EXPECT_NE(error.message.find("hostname mismatch"), std::string::npos) << error.message;
}

TEST_P(TlsStreamTest, EndsAHandshakeThatGetsNoAnswer) {
  cancel_.raise();  // nobody accepts
  run_until([&] { return tasks_.size() == 0; });
  cancel_.lower();
  std::optional<StreamResult> connected;
  tasks_.spawn(dial(connected, "127.0.0.1", clock_.steady() + std::chrono::milliseconds(50)));
  ASSERT_TRUE(run_until([&] { return connected.has_value(); }));
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().kind, ErrorKind::kUpstreamTimeout);

  connected.reset();
  tasks_.spawn(dial(connected, "127.0.0.1", clock_.steady() + kPatience));
  look();
  cancel_.raise();
  ASSERT_TRUE(run_until([&] { return connected.has_value(); }));
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().kind, ErrorKind::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Coats, TlsStreamTest, ::testing::Values(Coat::kTls),
                         [](const auto&) { return "Tls"; });

}  // namespace
}  // namespace penstock::net
