#pragma once

// A simulator in this process, and blocking connections to it.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "sim/json.h"
#include "sim/simulator.h"

namespace penstock::sim {

// A blocking connection to the simulator.
class Client {
 public:
  explicit Client(const Simulator& simulator) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(simulator.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* any = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(connect(socket_, any, sizeof address), 0);
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void post(std::string_view path, const std::string& body, std::string_view fields = {}) {
    send("POST", path, body, fields);
  }
  void send(std::string_view method, std::string_view path, const std::string& body,
            std::string_view fields) {
    std::string request(method);
    request.append(" ").append(path).append(" HTTP/1.1\r\nHost: sim\r\n").append(fields);
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    send(request + body);
  }

  // Receives until `mark` has come, or the connection has ended.
  std::string receive_until(std::string_view mark) {
    while (received_.find(mark) == std::string::npos && receive()) {
    }
    return received_;
  }
  // Receives everything; reports whether the connection ended in order.
  std::string receive_all() {
    while (receive()) {
    }
    return received_;
  }
  bool was_reset() const { return reset_; }

 private:
  bool receive() {
    std::array<char, 4096> buffer;
    const ssize_t bytes = recv(socket_, buffer.data(), buffer.size(), 0);
    reset_ = bytes < 0 && errno == ECONNRESET;
    if (bytes <= 0) return false;
    received_.append(buffer.data(), static_cast<std::size_t>(bytes));
    return true;
  }

  int socket_;
  std::string received_;
  bool reset_ = false;
};

class SimulatorFixture : public testing::Test {
 protected:
  void start(Options options = {}) {
    options.port = 0;
    Result<std::unique_ptr<Simulator>> started = Simulator::start(std::move(options));
    ASSERT_TRUE(started) << started.error().message;
    simulator_ = std::move(*started);
  }

  static constexpr std::string_view kClose = "Connection: close\r\n";

  std::string get(std::string_view target, std::string_view fields = {}) {
    Client client(*simulator_);
    std::string request = "GET ";
    request.append(target).append(" HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n");
    client.send(request.append(fields).append("\r\n"));
    return client.receive_all();
  }
  std::string post(std::string_view path, const std::string& body) {
    return send("POST", path, body);
  }
  std::string send(std::string_view method, std::string_view path, const std::string& body) {
    Client client(*simulator_);
    client.send(method, path, body, kClose);
    return client.receive_all();
  }
  static std::string chat_body(const std::string& members) {
    return R"({"model":"sim-small","messages":[{"role":"user","content":"Hi"}])" + members + "}";
  }
  std::string chat(const std::string& members) {
    return post("/v1/chat/completions", chat_body(members));
  }
  static Json json_of(const std::string& answer) {
    return Json::parse(answer.substr(answer.find("\r\n\r\n") + 4), nullptr, false);
  }
  // Polls until `key` has the value; the suite's time limit ends a futile wait.
  void wait_for_stat(const std::string& key, int value) {
    while (Json::parse(simulator_->stats_json())[key] != value) get("/health");
  }

  std::unique_ptr<Simulator> simulator_;
};

}  // namespace penstock::sim
