#include "net/resolver.h"

#include <algorithm>
#include <utility>

#include <arpa/inet.h>

#include "net/wait.h"

namespace penstock::net {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kAnswerAge{30};
constexpr seconds kFailureAge{1};
// How old an answer may be to be used without waiting for a new one.
constexpr minutes kServedAtOnceAge{10};
// How long to wait for a new answer if there is an old one.
constexpr seconds kPatience{1};

// The four-part and colon forms only: getaddrinfo()'s older spellings ("127.1", "0x7f.1") are
// looked up like names.
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

Error too_many_lookups() {
  return Error::gateway(ErrorKind::kOverloaded,
                        "too many look-ups of hosts that callers name are waiting")
      .at_limit(Limit::kCallerLookups);
}

}  // namespace

struct SystemResolver::Entry {
  std::vector<SocketAddress> addresses;
  std::string failure;
  SteadyTime asked = SteadyTime::min();  // when the last look-up ended
  SteadyTime found{};                    // when the last successful look-up ended
  SteadyTime expires{};
  std::shared_ptr<Lookup> lookup;  // null: none is in progress
  std::size_t waiting = 0;
  Signal answered;

  bool must_look_up(Question::Wanted wanted, SteadyTime now) const {
    if (wanted == Question::Wanted::kNew) return now >= asked + kFailureAge;
    return now >= expires;
  }
};

SystemResolver::SystemResolver(EventLoop& loop, Lookups& operators, Lookups& callers)
    : loop_(loop), mailbox_(loop), operators_{operators, {}}, callers_{callers, {}} {}

SystemResolver::~SystemResolver() = default;

// Null if no entry can be evicted: all are being looked up.
std::shared_ptr<SystemResolver::Entry> SystemResolver::entry_of(Hosts& hosts,
                                                                const std::string& host) {
  const auto found = hosts.entries.find(host);
  if (found != hosts.entries.end()) return found->second;
  // Full: evict everything that nobody waits for, so that the next ones have room again.
  if (hosts.entries.size() >= kEntriesMax) {
    std::erase_if(hosts.entries, [](const auto& item) { return item.second->lookup == nullptr; });
    if (hosts.entries.size() >= kEntriesMax) return nullptr;
  }
  return hosts.entries.emplace(host, std::make_shared<Entry>()).first->second;
}

// Fails if no more look-ups may wait.
Status SystemResolver::start_lookup(const Question& question, Entry& entry) {
  if (entry.lookup != nullptr) return {};
  auto done = [host = question.host, asker = question.asker, home = mailbox_.address(),
               this](LookupAnswer answer) {
    home.post([this, asker, host, answer = std::move(answer)]() mutable {
      finish_lookup(asker, host, std::move(answer));
    });
  };
  auto started = hosts_of(question.asker).lookups.start(question.host, std::move(done));
  if (!started) return failure(std::move(started.error()));
  entry.lookup = std::move(*started);
  entry.answered.lower();
  return {};
}

void SystemResolver::finish_lookup(Asker asker, const std::string& host, LookupAnswer answer) {
  Hosts& hosts = hosts_of(asker);
  const auto found = hosts.entries.find(host);
  // Entries that are being looked up are not evicted.
  if (found == hosts.entries.end()) return;
  Entry& entry = *found->second;
  entry.lookup = nullptr;
  entry.asked = loop_.now();
  entry.expires = entry.asked + (answer.addresses.empty() ? kFailureAge : kAnswerAge);
  entry.failure = std::move(answer.failure);
  if (!answer.addresses.empty()) {
    entry.found = entry.asked;
    entry.addresses = std::move(answer.addresses);
  }
  entry.answered.raise();
}

Task<Result<std::vector<SocketAddress>>> SystemResolver::look_up(const Question& question,
                                                                 SteadyTime until, Signal& cancel) {
  const std::shared_ptr<Entry> entry = entry_of(hosts_of(question.asker), question.host);
  if (entry == nullptr) co_return failure(too_many_lookups());
  const SteadyTime now = loop_.now();
  const bool has_old = !entry->addresses.empty();
  const bool serves_at_once = has_old && question.wanted == Question::Wanted::kKept &&
                              now < entry->found + kServedAtOnceAge;
  if (entry->must_look_up(question.wanted, now)) {
    Status started = start_lookup(question, *entry);
    if (!started && !has_old) co_return failure(std::move(started.error()));
    if (started && !serves_at_once) {
      Deadline deadline(loop_);
      deadline.set(has_old ? std::min(until, now + kPatience) : until);
      ++entry->waiting;
      const Woken woken = co_await wait_any(loop_, &deadline, entry->answered, cancel);
      --entry->waiting;
      // A refresh of an old answer is useful to the next asker; a first answer is useless if nobody
      // waits for it.
      const bool unwanted = !woken.by(entry->answered) && entry->waiting == 0 && !has_old;
      if (unwanted && entry->lookup != nullptr && entry->lookup->drop()) entry->lookup = nullptr;
      if (woken.by(cancel)) co_return failure(Error::cancelled());
      if (woken.timed_out() && !has_old) {
        co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent,
                                          "looking up the upstream's host name took too long")
                              .at_limit(Limit::kConnectTimeout));
      }
    }
  }
  if (entry->addresses.empty()) {
    co_return failure(Error::upstream(
        ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
        "the upstream's name '" + question.host + "' cannot be resolved: " + entry->failure));
  }
  co_return entry->addresses;
}

Task<Result<std::vector<SocketAddress>>> SystemResolver::resolve(Question question,
                                                                 SteadyTime until, Signal& cancel) {
  Result<std::vector<SocketAddress>> found;
  if (const SocketAddress literal = literal_address(question.host); !literal.empty()) {
    found->push_back(literal);
  } else {
    found = co_await look_up(question, until, cancel);
  }
  if (found) {
    for (SocketAddress& address : *found) address.set_port(question.port);
  }
  co_return found;
}

}  // namespace penstock::net
