#pragma once

// Shared by the tests of a server on a real port: its clients block, as the kernel buffers what is
// sent, and its time is the machine's, plus what the test adds.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "http/server.h"
#include "net/epoll_poller.h"
#include "support/patience.h"
#include "support/test_pki.h"

namespace penstock::http {

class JumpingClock final : public Clock {
 public:
  SteadyTime steady() const override { return system_.steady() + added_; }
  WallTime wall() const override { return system_.wall() + added_; }
  void advance(std::chrono::hours time) { added_ += time; }

 private:
  SystemClock system_;
  std::chrono::hours added_{0};
};

inline const testing::TestPki& server_pki() {
  static const testing::TestPki made;
  return made;
}

inline const net::TlsContext& server_tls() {
  static const net::TlsContext made =
      *net::TlsContext::server({.certificate_file = server_pki().certificate_file(),
                                .key_file = server_pki().key_file(),
                                .client_ca_file = {}});
  return made;
}

template <class RequestHandler>
class ServerFixture : public ::testing::Test {
 protected:
  struct Options {
    const net::TlsContext* tls = nullptr;
    std::size_t connections = 100;
    TrustedPeers trusted = {};
  };
  explicit ServerFixture(Options options)
      : tls_(options.tls), count_(options.connections), trusted_(std::move(options.trusted)) {
    limits_.header_timeout = std::chrono::hours(1);
    server_.start();
  }

  void TearDown() override {
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
    say(client, text);
    clients_.push_back(client);
    return client;
  }
  static void say(int client, std::string_view text) {
    EXPECT_EQ(send(client, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  bool run_until(const std::function<bool()>& done) {
    const testing::TimePoint until = testing::after(testing::kPatience);
    while (!done()) {
      if (testing::Clock::now() >= until) return false;
      loop_.run_once(std::chrono::milliseconds(20));
    }
    return true;
  }

  const net::TlsContext* const tls_;
  JumpingClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  ScratchPool scratch_;
  ServerLimits limits_{.reserved_connections = 0};
  ConnectionCount count_;
  TrustedPeers trusted_;
  RequestHandler handler_;
  std::string exceptions_;  // that ended connections
  std::unique_ptr<net::Listener> listener_ =
      *net::Listener::open(poller_, *net::resolve_listen_address("127.0.0.1", 0));
  const net::SocketAddress address_ = listener_->address();
  BodyBudget bodies_{1024 * 1024};
  Server server_{{loop_, scratch_, limits_, bodies_, handler_, &trusted_},
                 std::move(listener_),
                 tls_,
                 count_,
                 [this](std::string_view what) { exceptions_ += what; }};
  net::TaskGroup tasks_{loop_, [](std::string_view what) { ADD_FAILURE() << what; }};
  bool join_started_ = false;
  std::vector<int> clients_;
};

}  // namespace penstock::http
