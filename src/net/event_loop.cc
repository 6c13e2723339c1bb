#include "net/event_loop.h"

#include <algorithm>
#include <utility>

#include "net/wait.h"

namespace penstock::net {

using std::chrono::nanoseconds;

void Signal::raise() {
  raised_ = true;
  while (head_.next != &head_) head_.next->waiter->wake(head_.next->index);
}

bool Waiter::find_raised(Signal* const* signals) {
  for (woken_by_ = 0; woken_by_ < count_; ++woken_by_) {
    if (signals[woken_by_]->raised()) return true;
  }
  return deadline_ != nullptr && deadline_->expired();
}

bool Waiter::ready(Signal* const* signals) {
  return find_raised(signals) && loop_.may_continue();
}

void Waiter::suspend(Signal* const* signals, WaitLink* links, std::coroutine_handle<> coroutine) {
  coroutine_ = coroutine;
  links_ = links;
  if (find_raised(signals)) return loop_.make_ready(*this);
  for (std::size_t i = 0; i < count_; ++i) {
    links_[i].waiter = this;
    links_[i].index = i;
    signals[i]->link(links_[i]);
  }
  if (deadline_ != nullptr) deadline_->waiter_ = this;
}

void Waiter::wake(std::size_t index) {
  woken_by_ = index;
  for (std::size_t i = 0; i < count_; ++i) links_[i].unlink();
  if (deadline_ != nullptr) deadline_->waiter_ = nullptr;
  loop_.make_ready(*this);
}

Deadline::~Deadline() {
  if (heap_index_ != kNotInHeap) loop_.heap_remove(*this);
}

void Deadline::set(SteadyTime time) {
  expires_ = time;
  if (heap_index_ == kNotInHeap) {
    if (time != kNever) loop_.heap_insert(*this);
  } else if (time < looked_at_) {
    looked_at_ = time;
    loop_.heap_sift(heap_index_);
  }
}

void Deadline::set_after(std::chrono::milliseconds delay) {
  set(delay.count() > 0 ? loop_.now() + delay : kNever);
}

bool Deadline::expired() const {
  return expires_ <= loop_.now();
}

EventLoop::EventLoop(const Clock& clock, Poller& poller)
    : clock_(clock), poller_(poller), now_(clock.steady()) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  now_ = clock_.steady();
  for (;;) {
    if (something_posted_.load(std::memory_order_acquire)) {
      const std::lock_guard lock(posted_mutex_);
      if (std::exchange(stop_requested_, false)) return;
    }
    run_once(nanoseconds(-1));
  }
}

void EventLoop::run_once(nanoseconds timeout) {
  run_ready();
  nanoseconds limit = timeout;
  if (ready_first_ != nullptr || something_posted_.load(std::memory_order_acquire)) {
    limit = nanoseconds(0);
  } else if (const nanoseconds next = until_next_deadline(); next.count() >= 0) {
    limit = timeout.count() < 0 ? next : std::min(timeout, next);
  }
  poller_.poll(limit);
  now_ = clock_.steady();
  fire_deadlines();
  run_posted();
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(posted_mutex_);
    stop_requested_ = true;
    something_posted_.store(true, std::memory_order_release);
  }
  poller_.wake();
}

void EventLoop::post(std::function<void()> function) {
  {
    const std::lock_guard lock(posted_mutex_);
    posted_.push_back(std::move(function));
    something_posted_.store(true, std::memory_order_release);
  }
  poller_.wake();
}

void EventLoop::run_posted() {
  if (!something_posted_.load(std::memory_order_acquire)) return;
  std::vector<std::function<void()>> functions;
  {
    const std::lock_guard lock(posted_mutex_);
    functions.swap(posted_);
    something_posted_.store(stop_requested_, std::memory_order_release);
  }
  for (auto& function : functions) function();
}

void EventLoop::make_ready(Waiter& waiter) {
  waiter.next_ready_ = nullptr;
  if (ready_last_ != nullptr) {
    ready_last_->next_ready_ = &waiter;
  } else {
    ready_first_ = &waiter;
  }
  ready_last_ = &waiter;
}

void EventLoop::run_ready() {
  // Only what is ready now, so that coroutines that make each other ready do not delay the poll.
  Waiter* waiter = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  while (waiter != nullptr) {
    Waiter* next = waiter->next_ready_;
    waits_left_ = kWaitsPerTurn;
    waiter->coroutine_.resume();
    waiter = next;
  }
}

nanoseconds EventLoop::until_next_deadline() const {
  if (heap_.empty()) return nanoseconds(-1);
  return std::max(nanoseconds(0), heap_.front()->looked_at_ - clock_.steady());
}

void EventLoop::fire_deadlines() {
  while (!heap_.empty() && heap_.front()->looked_at_ <= now_) {
    Deadline& deadline = *heap_.front();
    heap_remove(deadline);
    if (deadline.expires_ > now_) {
      if (deadline.expires_ != Deadline::kNever) heap_insert(deadline);
      continue;
    }
    if (deadline.waiter_ != nullptr) deadline.waiter_->wake(deadline.waiter_->count_);
  }
}

void EventLoop::heap_insert(Deadline& deadline) {
  deadline.looked_at_ = deadline.expires_;
  heap_.push_back(&deadline);
  deadline.heap_index_ = heap_.size() - 1;
  heap_sift(deadline.heap_index_);
}

void EventLoop::heap_remove(Deadline& deadline) {
  const std::size_t index = deadline.heap_index_;
  Deadline* last = heap_.back();
  heap_.pop_back();
  deadline.heap_index_ = Deadline::kNotInHeap;
  if (last == &deadline) return;
  heap_place(index, last);
  heap_sift(index);
}

void EventLoop::heap_place(std::size_t index, Deadline* deadline) {
  heap_[index] = deadline;
  deadline->heap_index_ = index;
}

void EventLoop::heap_sift(std::size_t index) {
  Deadline* moving = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->looked_at_ <= moving->looked_at_) break;
    heap_place(index, heap_[parent]);
    index = parent;
  }
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->looked_at_ < heap_[child]->looked_at_) {
      ++child;
    }
    if (moving->looked_at_ <= heap_[child]->looked_at_) break;
    heap_place(index, heap_[child]);
    index = child;
  }
  heap_place(index, moving);
}

}  // namespace penstock::net
