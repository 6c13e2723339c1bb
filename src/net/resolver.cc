#include "net/resolver.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>

#include "net/wait.h"

namespace penstock::net {
namespace {

using std::chrono::seconds;

constexpr seconds kAnswerAge{30};
constexpr seconds kFailureAge{1};
// Callers may choose hosts: the cache must not grow with what they choose.
constexpr std::size_t kEntriesMax = 1024;

std::vector<SocketAddress> look_up(const std::string& host, std::string& failure_text) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  std::vector<SocketAddress> found;
  if (result != 0) {
    failure_text = gai_strerror(result);
    return found;
  }
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    const SocketAddress address(each->ai_addr, each->ai_addrlen);
    if (!address.empty()) found.push_back(address);
  }
  freeaddrinfo(list);
  if (found.empty()) failure_text = "the host name has no address";
  return found;
}

// The four-part and colon forms only: getaddrinfo's older spellings ("127.1", "0x7f.1") go through
// a look-up like any name.
SocketAddress literal_address(const std::string& host) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    return SocketAddress(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return {};
}

}  // namespace

struct LookupThreads::Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  bool closed = false;
};

LookupThreads::LookupThreads(std::size_t threads) : queue_(std::make_shared<Queue>()) {
  for (std::size_t i = 0; i < threads; ++i) {
    std::thread([queue = queue_] {
      for (;;) {
        std::function<void()> work;
        {
          std::unique_lock lock(queue->mutex);
          queue->changed.wait(lock, [&] { return queue->closed || !queue->work.empty(); });
          if (queue->closed) return;
          work = std::move(queue->work.front());
          queue->work.pop_front();
        }
        work();
      }
    }).detach();
  }
}

LookupThreads::~LookupThreads() {
  const std::lock_guard lock(queue_->mutex);
  queue_->closed = true;
  queue_->changed.notify_all();
}

void LookupThreads::run(std::function<void()> work) {
  const std::lock_guard lock(queue_->mutex);
  queue_->work.push_back(std::move(work));
  queue_->changed.notify_one();
}

struct SystemResolver::Entry {
  std::vector<SocketAddress> addresses;
  std::string failure_text;
  SteadyTime expires{};
  bool looking_up = false;
  Signal answered;
};

// Where look-up threads leave answers: outlives the loop if a look-up does.
struct SystemResolver::Mailbox {
  std::mutex mutex;
  EventLoop* loop = nullptr;
};

SystemResolver::SystemResolver(EventLoop& loop, LookupThreads& threads)
    : loop_(loop), threads_(threads), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->loop = &loop;
}

SystemResolver::~SystemResolver() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->loop = nullptr;
}

SystemResolver::Entry& SystemResolver::entry_of(const std::string& host) {
  // Full: all that nobody waits for goes, expired or not, so that the next ones have room again.
  if (entries_.size() >= kEntriesMax && !entries_.contains(host)) {
    std::erase_if(entries_, [](const auto& item) { return !item.second->looking_up; });
  }
  std::shared_ptr<Entry>& entry = entries_[host];
  if (entry == nullptr) entry = std::make_shared<Entry>();
  return *entry;
}

void SystemResolver::start_lookup(const std::string& host, Entry& entry) {
  entry.looking_up = true;
  entry.answered.lower();
  threads_.run([host, mailbox = mailbox_, resolver = this] {
    std::string failure_text;
    std::vector<SocketAddress> found = look_up(host, failure_text);
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->loop == nullptr) return;
    mailbox->loop->post([mailbox, resolver, host, found = std::move(found),
                         text = std::move(failure_text)]() mutable {
      if (mailbox->loop == nullptr) return;  // written by this thread only
      resolver->finish_lookup(host, std::move(found), std::move(text));
    });
  });
}

void SystemResolver::finish_lookup(const std::string& host, std::vector<SocketAddress> found,
                                   std::string failure_text) {
  Entry& entry = entry_of(host);
  entry.looking_up = false;
  entry.expires = loop_.now() + (found.empty() ? kFailureAge : kAnswerAge);
  entry.failure_text = std::move(failure_text);
  if (!found.empty()) entry.addresses = std::move(found);
  entry.answered.raise();
}

Task<Result<std::vector<SocketAddress>>> SystemResolver::resolve(std::string host,
                                                                 std::uint16_t port,
                                                                 SteadyTime until, Signal& cancel) {
  std::vector<SocketAddress> addresses;
  if (const SocketAddress literal = literal_address(host); !literal.empty()) {
    addresses.push_back(literal);
  } else {
    entry_of(host);
    const std::shared_ptr<Entry> entry = entries_[host];
    if (entry->expires <= loop_.now()) {
      if (!entry->looking_up) start_lookup(host, *entry);
      Deadline deadline(loop_);
      deadline.set(until);
      const Woken woken = co_await wait_any(loop_, &deadline, entry->answered, cancel);
      if (woken.by(cancel)) {
        co_return failure(Error::cancelled());
      }
      if (woken.timed_out()) {
        co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent,
                                          "looking up the upstream's host name took too long")
                              .at_limit(Limit::kConnectTimeout));
      }
    }
    addresses = entry->addresses;
    if (addresses.empty()) {
      co_return failure(Error::upstream(
          ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
          "the upstream's name '" + host + "' cannot be resolved: " + entry->failure_text));
    }
  }
  for (SocketAddress& address : addresses) address.set_port(port);
  co_return addresses;
}

}  // namespace penstock::net
