#include "net/connector.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>

#include "net/address_policy.h"
#include "net/task_group.h"
#include "net/tls_stream.h"
#include "net/wait.h"

namespace penstock::net {
namespace {

// RFC 8305 section 8, "Connection Attempt Delay".
constexpr std::chrono::milliseconds kNextAddressDelay{250};

Error unreachable(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                         std::move(message));
}

bool may_be_dialled_for_a_caller(const SocketAddress& address) {
  const std::optional<IpAddress> ip = IpAddress::from_sockaddr(*address.data());
  return ip && is_public(*ip);
}

std::string_view name_of(Destination::Party party) {
  return party == Destination::Party::kProxy ? "the proxy" : "the upstream";
}

std::string reason(int error_number) {
  return std::strerror(error_number);
}

Error no_socket(std::string_view party) {
  std::string message("cannot create a socket for ");
  message.append(party).append(": ").append(reason(errno));
  return unreachable(std::move(message));
}

int pending_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

// RFC 8305 section 4: the families alternate, beginning with that of the system's first address.
std::vector<SocketAddress> in_turn(const std::vector<SocketAddress>& addresses) {
  std::vector<SocketAddress> ordered = addresses;
  std::stable_partition(ordered.begin(), ordered.end(), [&](const SocketAddress& address) {
    return address.family() == addresses.front().family();
  });
  const auto others = std::find_if(ordered.begin(), ordered.end(), [&](const auto& address) {
    return address.family() != addresses.front().family();
  });
  std::vector<SocketAddress> result;
  for (auto first = ordered.begin(), second = others; first != others || second != ordered.end();) {
    if (first != others) result.push_back(*first++);
    if (second != ordered.end()) result.push_back(*second++);
  }
  return result;
}

// A unix socket whose queue is full refuses, and no event reports that there is room again.
constexpr std::chrono::milliseconds kFullSocketPause{10};

sockaddr_un unix_address(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

int connect_unix(int descriptor, const sockaddr_un& address) {
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  return ::connect(descriptor, any, sizeof address) == 0 ? 0 : errno;
}

}  // namespace

Task<Result<std::vector<SocketAddress>>> Connector::addresses_of(const Destination&, SteadyTime,
                                                                 Signal&) {
  co_return failure(unreachable("this connector has no addresses"));
}

// Several attempts at one destination; the first success counts.
struct SocketConnector::Race {
  Signal stop;     // raised when the others are no longer needed
  Signal changed;  // raised when an attempt has ended
  std::size_t running = 0;
  std::size_t shaking_hands = 0;  // attempts that are connected and are doing the TLS handshake
  std::unique_ptr<Stream> winner;
  Error last = unreachable("the upstream has no address");
};

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect(const Destination& destination,
                                                               SteadyTime until, Signal& cancel) {
  if (!destination.socket.empty()) {
    co_return co_await connect_to_socket(destination, until, cancel);
  }
  auto addresses = co_await look_up(destination, Question::Wanted::kKept, until, cancel);
  if (!addresses) co_return failure(std::move(addresses.error()));
  auto stream = co_await connect_to_any(destination, *addresses, until, cancel);
  if (stream || cancel.raised()) co_return std::move(stream);
  // The cached addresses cannot be reached: the host may have moved.
  auto moved = co_await look_up(destination, Question::Wanted::kNew, until, cancel);
  if (!moved) co_return std::move(stream);
  std::erase_if(*moved, [&](const SocketAddress& address) {
    return std::ranges::any_of(
        *addresses, [&](const SocketAddress& tried) { return tried.text() == address.text(); });
  });
  if (moved->empty() || until <= loop_.now()) co_return std::move(stream);
  co_return co_await connect_to_any(destination, *moved, until, cancel);
}

Task<Result<std::vector<SocketAddress>>> SocketConnector::addresses_of(
    const Destination& destination, SteadyTime until, Signal& cancel) {
  return look_up(destination, Question::Wanted::kKept, until, cancel);
}

// The addresses that are permitted.
Task<Result<std::vector<SocketAddress>>> SocketConnector::look_up(const Destination& destination,
                                                                  Question::Wanted wanted,
                                                                  SteadyTime until,
                                                                  Signal& cancel) {
  Question question{.host = destination.host,
                    .port = destination.port,
                    .asker = destination.named_by,
                    .wanted = wanted};
  auto resolved = co_await resolver_.resolve(std::move(question), until, cancel);
  if (!resolved || destination.rule == AddressRule::kAny) co_return std::move(resolved);
  // A name that mixes public and other addresses is an attempt to bypass this check.
  const bool all_are_public = std::ranges::all_of(*resolved, may_be_dialled_for_a_caller);
  if (all_are_public) co_return std::move(resolved);
  co_return failure(Error::upstream(ErrorKind::kUpstreamForbidden, RetryClass::kNever,
                                    "the address of '" + destination.host +
                                        "' is not public, and server.caller_url_hosts does not "
                                        "allow its host and port"));
}

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect_to_any(
    const Destination& destination, const Addresses& addresses, SteadyTime until, Signal& cancel) {
  if (addresses.size() == 1) {
    co_return co_await connect_to(destination, addresses.front(), until, cancel);
  }
  Race race;
  TaskGroup attempts(loop_, [&race](std::string_view what) {
    --race.running;
    race.last = Error::gateway(ErrorKind::kInternal, std::string(what));
    race.changed.raise();
  });
  Deadline next_is_due(loop_);
  const Addresses ordered = in_turn(addresses);
  std::size_t begun = 0;
  bool waited_for_tls = false;
  while (race.winner == nullptr) {
    race.changed.lower();
    if (begun < ordered.size() && (race.running == 0 || next_is_due.expired())) {
      next_is_due.set(loop_.now() + kNextAddressDelay);
      ++race.running;
      attempts.spawn(run(race, destination, ordered[begun++], until));
      continue;
    }
    if (race.running == 0) break;
    Deadline* const due = begun < ordered.size() ? &next_is_due : nullptr;
    const Woken woken = co_await wait_any(loop_, due, race.changed, cancel);
    if (woken.by(cancel)) break;
    // An attempt in its handshake has reached the host: it alone gets half of the remaining time.
    if (woken.timed_out() && race.shaking_hands > 0 && !std::exchange(waited_for_tls, true)) {
      next_is_due.set(loop_.now() + (until - loop_.now()) / 2);
    }
  }
  race.stop.raise();
  co_await attempts.join();
  if (race.winner != nullptr) co_return std::move(race.winner);
  if (cancel.raised()) co_return failure(Error::cancelled());
  co_return failure(std::move(race.last));
}

Task<void> SocketConnector::run(Race& race, const Destination& destination, SocketAddress address,
                                SteadyTime until) {
  Deadline deadline(loop_);
  deadline.set(until);
  auto socket = co_await open(destination, address, deadline, race.stop);
  Result<std::unique_ptr<Stream>> stream;
  if (!socket) {
    stream = failure(std::move(socket.error()));
  } else {
    ++race.shaking_hands;
    stream = co_await secure(destination, std::move(*socket), address, deadline, race.stop);
    --race.shaking_hands;
  }
  --race.running;
  if (stream && race.winner == nullptr) race.winner = std::move(*stream);
  if (!stream && stream.error().kind != ErrorKind::kCancelled) {
    race.last = std::move(stream.error());
  }
  race.changed.raise();
}

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect_to(const Destination& destination,
                                                                  SocketAddress address,
                                                                  SteadyTime until,
                                                                  Signal& cancel) {
  Deadline deadline(loop_);
  deadline.set(until);
  auto socket = co_await open(destination, address, deadline, cancel);
  if (!socket) co_return failure(std::move(socket.error()));
  co_return co_await secure(destination, std::move(*socket), address, deadline, cancel);
}

// A TCP connection.
Task<Result<std::unique_ptr<RegisteredSocket>>> SocketConnector::open(
    const Destination& destination, SocketAddress address, Deadline& deadline, Signal& cancel) {
  const std::string_view party = name_of(destination.party);
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return failure(no_socket(party));
  const int started = ::connect(descriptor, address.data(), address.size());
  const int start_error = started == 0 ? 0 : errno;
  co_return co_await finish_connect(descriptor, start_error, party, deadline, cancel);
}

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect_to_socket(
    const Destination& destination, SteadyTime until, Signal& cancel) {
  const std::string_view party = name_of(destination.party);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return failure(no_socket(party));
  const sockaddr_un address = unix_address(destination.socket);
  int error = connect_unix(descriptor, address);
  while (error == EAGAIN && !cancel.raised() && loop_.now() + kFullSocketPause < until) {
    Deadline pause(loop_);
    pause.set_after(kFullSocketPause);
    co_await wait_any(loop_, &pause, cancel);
    error = connect_unix(descriptor, address);
  }
  Deadline deadline(loop_);
  deadline.set(until);
  auto socket = co_await finish_connect(descriptor, error, party, deadline, cancel);
  if (!socket) co_return failure(std::move(socket.error()));
  co_return std::make_unique<SocketStream>(std::move(*socket), SocketAddress::of_unix_socket());
}

// Takes over the descriptor, whose connect call ended with that error.
Task<Result<std::unique_ptr<RegisteredSocket>>> SocketConnector::finish_connect(
    int descriptor, int start_error, std::string_view party, Deadline& deadline, Signal& cancel) {
  // Registered after the connect call: a socket that is not connected yet reports a hang-up.
  auto socket = std::make_unique<RegisteredSocket>(poller_, descriptor);
  if (!socket->registered()) co_return failure(unreachable("no room for another socket"));
  if (start_error == EINPROGRESS) {
    const Woken woken = co_await wait_any(loop_, &deadline, cancel, socket->readiness().writable);
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) {
      std::string message("connecting to ");
      message.append(party).append(" took too long");
      co_return failure(
          Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent, std::move(message))
              .at_limit(Limit::kConnectTimeout));
    }
  }
  const int error = start_error == EINPROGRESS ? pending_error(descriptor) : start_error;
  if (error != 0) {
    std::string message("cannot connect to ");
    message.append(party).append(": ").append(reason(error));
    co_return failure(unreachable(std::move(message)));
  }
  co_return std::move(socket);
}

// Adds TLS, if the destination has it.
Task<Result<std::unique_ptr<Stream>>> SocketConnector::secure(
    const Destination& destination, std::unique_ptr<RegisteredSocket> socket, SocketAddress address,
    Deadline& deadline, Signal& cancel) {
  if (destination.tls == nullptr) {
    co_return std::make_unique<SocketStream>(std::move(socket), address);
  }
  auto stream = std::make_unique<TlsStream>(std::move(socket), address, *destination.tls);
  Status shaken =
      co_await stream->connect(loop_, deadline, cancel, destination.host, destination.party);
  if (!shaken) co_return failure(std::move(shaken.error()));
  co_return stream;
}

}  // namespace penstock::net
