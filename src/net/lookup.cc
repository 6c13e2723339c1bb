#include "net/lookup.h"

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

LookupThreads::LookupThreads(Offload::Options options, Source source)
    : source_(std::make_shared<const Source>(std::move(source))), offload_(std::move(options)) {}

Result<std::shared_ptr<Lookup>> LookupThreads::start(std::string host, Done done) {
  return offload_.start([source = source_, host = std::move(host), done = std::move(done)] {
    done((*source)(host));
  });
}

}  // namespace penstock::net
