#include "support/killable_upstream.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <map>
#include <optional>
#include <system_error>

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/endpoint.h"
#include "support/http_text.h"

namespace penstock::testing {
namespace {

// The answer to the request at the front of `bytes`, which is removed; nullopt if it is incomplete.
std::optional<std::string> answer_to(std::string& bytes) {
  std::string rest = bytes;
  const auto head = take_head(rest);
  if (!head) return std::nullopt;
  std::size_t length = 0;
  const std::string text = head->find("content-length").value_or("0");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (rest.size() < length) return std::nullopt;
  bytes = rest.substr(length);
  if (head->start_line.starts_with("GET ")) {
    return json_answer(200, R"({"object":"list","data":[{"id":"m1","object":"model"}]})");
  }
  std::string answer = stream_head();
  for (int i = 0; i < KillableUpstream::kEvents; ++i) answer += chunk(event(chat_delta("x")));
  return answer;
}

[[noreturn]] void serve(int listening) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int poller = epoll_create1(0);
  const auto watch = [poller](int descriptor) {
    epoll_event wanted{.events = EPOLLIN, .data = {.fd = descriptor}};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &wanted);
  };
  watch(listening);
  std::map<int, std::string> received;
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(poller, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == listening) {
        const int accepted = accept4(listening, nullptr, nullptr, 0);
        if (accepted >= 0) watch(accepted);
        continue;
      }
      std::array<char, 16384> piece;
      const ssize_t got = recv(descriptor, piece.data(), piece.size(), 0);
      if (got <= 0) {
        received.erase(descriptor);
        close(descriptor);
        continue;
      }
      std::string& bytes = received[descriptor];
      bytes.append(piece.data(), static_cast<std::size_t>(got));
      while (const auto answer = answer_to(bytes)) {
        (void)send(descriptor, answer->data(), answer->size(), MSG_NOSIGNAL);
      }
    }
  }
}

}  // namespace

KillableUpstream::KillableUpstream() {
  const ListeningSocket listening(4096);
  port_ = listening.port;
  process_ = fork();
  if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (process_ == 0) serve(listening.descriptor);
}

KillableUpstream::~KillableUpstream() {
  kill();
}

std::string KillableUpstream::url() const {
  return fmt::format("http://127.0.0.1:{}", port_);
}

void KillableUpstream::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace penstock::testing
