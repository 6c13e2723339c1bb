#include "sim/door.h"

#include <chrono>
#include <utility>

#include "net/deadline.h"
#include "net/wait.h"

namespace penstock::sim {
namespace {

// Before the port is opened again that was not to be had.
constexpr std::chrono::milliseconds kRetryPause{50};

}  // namespace

Door::Door(const http::ServerContext& context, net::EpollPoller& poller,
           http::ConnectionCount& count, Stats& stats, net::TaskGroup::OnException on_exception)
    : context_(context),
      poller_(poller),
      count_(count),
      stats_(stats),
      on_exception_(std::move(on_exception)),
      tasks_(context.loop, on_exception_) {
  no_resets_.raise();
}

Result<net::SocketAddress> Door::open(const net::SocketAddress& address) {
  Result<std::unique_ptr<net::Listener>> opened = net::Listener::open(poller_, address);
  if (!opened) return failure(std::move(opened.error()));
  address_ = (*opened)->address();
  server_ =
      std::make_unique<http::Server>(context_, std::move(*opened), nullptr, count_, on_exception_);
  return address_;
}

void Door::start() {
  server_->start();
  tasks_.spawn(run());
}

void Door::follow(std::shared_ptr<const Course> course, std::function<void()> settled) {
  course_ = std::move(course);
  waiting_.push_back(std::move(settled));
  changed_.raise();
}

void Door::stop() {
  stopped_.raise();
  no_resets_.raise();
  if (server_) retire();
  for (const auto& server : retired_) server->stop();
}

Task<void> Door::run() {
  net::Deadline next(context_.loop);
  for (;;) {
    const SteadyTime now = context_.loop.now();
    const DoorState wanted = course_ ? course_->door_at(now) : DoorState::kOpen;
    if (wanted != state_) pass_to(wanted);
    next.set(course_ ? course_->next_door_change(now) : net::Deadline::kNever);
    if (state_ == wanted) {
      settle();
    } else {
      next.set(now + kRetryPause);
    }
    co_await net::wait_any(context_.loop, &next, stopped_, changed_);
    // Whatever woke it: a door that opened now would have connections that nobody ends.
    if (stopped_.raised()) co_return;
    changed_.lower();
  }
}

void Door::pass_to(DoorState state) {
  no_resets_.raise();
  if (server_) retire();
  state_ = state;
  switch (state) {
    case DoorState::kOpen:
      let_in();
      break;
    case DoorState::kRefusing:
      for (const auto& server : retired_) server->drain();
      break;
    case DoorState::kDead:
      for (const auto& server : retired_) server->stop();
      break;
    case DoorState::kResetting:
      for (const auto& server : retired_) server->stop();
      reset_newcomers();
      break;
  }
}

// What has been told to close does so in the loop's next turn.
void Door::settle() {
  for (std::function<void()>& settled : std::exchange(waiting_, {})) {
    net::EventLoop& loop = context_.loop;
    loop.post([&loop, settled = std::move(settled)] { loop.post(settled); });
  }
}

void Door::let_in() {
  if (const Result<net::SocketAddress> opened = open(address_)) {
    server_->start();
  } else {
    on_exception_(opened.error().message);
    state_ = DoorState::kRefusing;
  }
}

void Door::reset_newcomers() {
  Result<std::unique_ptr<net::Listener>> opened = net::Listener::open(poller_, address_);
  if (!opened) {
    on_exception_(opened.error().message);
    state_ = DoorState::kDead;
    return;
  }
  no_resets_.lower();
  tasks_.spawn(reset_each(std::move(*opened)));
}

Task<void> Door::reset_each(std::unique_ptr<net::Listener> listener) {
  net::Deadline pause(context_.loop);
  for (;;) {
    const net::Woken woken =
        co_await net::wait_any(context_.loop, nullptr, no_resets_, listener->readable());
    if (woken.by(no_resets_)) co_return;
    net::Listener::Accepted accepted = listener->accept();
    if (accepted.kind == net::Listener::Accepted::Kind::kConnection) {
      accepted.socket->reset_on_close();
      stats_.connection_reset();
    } else if (accepted.kind == net::Listener::Accepted::Kind::kOutOfResources) {
      pause.set_after(kRetryPause);
      co_await net::wait_any(context_.loop, &pause, no_resets_);
    }
  }
}

void Door::retire() {
  server_->close_listener();
  retired_.push_back(std::move(server_));
  tasks_.spawn(see_off(retired_.back().get()));
}

Task<void> Door::see_off(http::Server* server) {
  co_await server->join();
  std::erase_if(retired_, [server](const auto& each) { return each.get() == server; });
}

}  // namespace penstock::sim
