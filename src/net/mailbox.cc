#include "net/mailbox.h"

#include <mutex>
#include <utility>

namespace penstock::net {

struct Mailbox::State {
  std::mutex mutex;
  EventLoop* loop;  // null: the mailbox is gone; written by the loop's thread only
};

Mailbox::Mailbox(EventLoop& loop) : state_(std::make_shared<State>()) {
  state_->loop = &loop;
}

Mailbox::~Mailbox() {
  const std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
}

void Mailbox::Address::post(std::function<void()> function) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->loop == nullptr) return;
  state_->loop->post([state = state_, function = std::move(function)] {
    if (state->loop != nullptr) function();
  });
}

}  // namespace penstock::net
