#include "net/offload.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace penstock::net {

struct Offload::Queue {
  struct Item {
    std::shared_ptr<Job> job;
    Work work;
  };

  explicit Queue(Options options_in) : options(std::move(options_in)) {}

  // The next one that is still wanted; nullopt when the queue is closed.
  std::optional<Item> wait_for_item() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return closed || !items.empty(); });
      if (closed) return std::nullopt;
      Item item = std::move(items.front());
      items.pop_front();
      if (item.job->begin()) return item;
    }
  }

  void forget_dropped() {
    std::erase_if(items, [](const Item& item) { return item.job->dropped(); });
  }

  Options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> items;
  std::uint64_t refused = 0;
  bool closed = false;
};

Offload::Offload(Options options) : queue_(std::make_shared<Queue>(std::move(options))) {
  const std::size_t threads = queue_->options.threads;
  for (std::size_t i = 0; i < threads; ++i) {
    std::thread([queue = queue_] {
      while (std::optional<Queue::Item> item = queue->wait_for_item()) item->work();
    }).detach();
  }
}

Offload::~Offload() {
  const std::lock_guard lock(queue_->mutex);
  queue_->closed = true;
  queue_->changed.notify_all();
}

Result<std::shared_ptr<Offload::Job>> Offload::start(Work work) {
  auto job = std::make_shared<Job>();
  const Options& options = queue_->options;
  const std::lock_guard lock(queue_->mutex);
  auto& items = queue_->items;
  if (items.size() >= options.waiting_max) queue_->forget_dropped();
  if (items.size() >= options.waiting_max) {
    ++queue_->refused;
    Error error =
        Error::gateway(ErrorKind::kOverloaded, "too many " + options.work + " are waiting");
    error.limit = options.limit;
    return failure(std::move(error));
  }
  items.push_back({job, std::move(work)});
  queue_->changed.notify_one();
  return job;
}

void Offload::set_waiting_max(std::size_t waiting_max) {
  const std::lock_guard lock(queue_->mutex);
  queue_->options.waiting_max = waiting_max;
}

Offload::Counts Offload::counts() const {
  const std::lock_guard lock(queue_->mutex);
  queue_->forget_dropped();
  return {.waiting = queue_->items.size(), .refused = queue_->refused};
}

}  // namespace penstock::net
