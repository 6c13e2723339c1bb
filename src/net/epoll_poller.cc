#include "net/epoll_poller.h"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace penstock::net {

EpollPoller::EpollPoller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) != 0) {
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }
  // Tried once, so that a kernel without it (before 5.11) fails at startup instead of busy-looping.
  const timespec at_once{};
  if (epoll_pwait2(epoll_, events_.data(), 1, &at_once, nullptr) < 0) {
    throw std::system_error(errno, std::system_category(), "epoll_pwait2");
  }
}

EpollPoller::~EpollPoller() {
  if (wake_ >= 0) close(wake_);
  if (epoll_ >= 0) close(epoll_);
}

bool EpollPoller::add(int descriptor, Readiness& readiness) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &readiness;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool EpollPoller::add_shared(int descriptor, Readiness& readiness) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET | EPOLLEXCLUSIVE;
  event.data.ptr = &readiness;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void EpollPoller::remove(int descriptor) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void EpollPoller::poll(std::chrono::nanoseconds timeout) {
  timespec limit{};
  timespec* limit_pointer = nullptr;
  if (timeout.count() >= 0) {
    limit.tv_sec = static_cast<time_t>(timeout.count() / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(timeout.count() % 1'000'000'000);
    limit_pointer = &limit;
  }
  const int count = epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()),
                                 limit_pointer, nullptr);
  for (int i = 0; i < count; ++i) {
    auto* readiness = static_cast<Readiness*>(events_[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t events = events_[static_cast<std::size_t>(i)].events;
    if (readiness == nullptr) {
      // Edge-triggered: the counter need not be read, since each write is a new edge.
      continue;
    }
    const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool ended = broken || (events & EPOLLRDHUP) != 0;
    if (ended) readiness->closed.raise();
    if ((events & EPOLLIN) != 0 || ended) readiness->readable.raise();
    if ((events & EPOLLOUT) != 0 || broken) readiness->writable.raise();
    if (readiness->coupled) {
      readiness->readable.raise();
      readiness->writable.raise();
    }
  }
}

void EpollPoller::wake() {
  const std::uint64_t one = 1;
  // The counter is never read, so after very many wake-ups a write may find it full; reading it
  // here resets it.
  if (write(wake_, &one, sizeof one) < 0 && errno == EAGAIN) {
    std::uint64_t counted = 0;
    if (read(wake_, &counted, sizeof counted) > 0) (void)!write(wake_, &one, sizeof one);
  }
}

}  // namespace penstock::net
