#include "net/lookup.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <netdb.h>

namespace penstock::net {

LookupAnswer system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  LookupAnswer answer;
  if (result != 0) {
    answer.failure = gai_strerror(result);
    return answer;
  }
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    const SocketAddress address(each->ai_addr, each->ai_addrlen);
    if (!address.empty()) answer.addresses.push_back(address);
  }
  freeaddrinfo(list);
  if (answer.addresses.empty()) answer.failure = "the name has no address";
  return answer;
}

struct LookupThreads::Queue {
  struct Item {
    std::shared_ptr<Lookup> lookup;
    std::string host;
    Done done;
  };

  // The next one that is still wanted; nullopt when the queue is closed.
  std::optional<Item> wait_for_item() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return closed || !items.empty(); });
      if (closed) return std::nullopt;
      Item item = std::move(items.front());
      items.pop_front();
      if (item.lookup->begin()) return item;
    }
  }

  Queue(Source source_in, std::size_t waiting_max_in)
      : source(std::move(source_in)), waiting_max(waiting_max_in) {}

  const Source source;
  const std::size_t waiting_max;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> items;
  bool closed = false;
};

LookupThreads::LookupThreads(std::size_t threads, std::size_t waiting_max, Source source)
    : queue_(std::make_shared<Queue>(std::move(source), waiting_max)) {
  for (std::size_t i = 0; i < threads; ++i) {
    std::thread([queue = queue_] {
      while (std::optional<Queue::Item> item = queue->wait_for_item()) {
        item->done(queue->source(item->host));
      }
    }).detach();
  }
}

LookupThreads::~LookupThreads() {
  const std::lock_guard lock(queue_->mutex);
  queue_->closed = true;
  queue_->changed.notify_all();
}

std::shared_ptr<Lookup> LookupThreads::start(std::string host, Done done) {
  auto lookup = std::make_shared<Lookup>();
  const std::lock_guard lock(queue_->mutex);
  auto& items = queue_->items;
  if (queue_->waiting_max > 0 && items.size() >= queue_->waiting_max) {
    std::erase_if(items, [](const Queue::Item& item) { return item.lookup->dropped(); });
    if (items.size() >= queue_->waiting_max) return nullptr;
  }
  items.push_back({lookup, std::move(host), std::move(done)});
  queue_->changed.notify_one();
  return lookup;
}

}  // namespace penstock::net
