#include "net/connector.h"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <sys/socket.h>

#include "net/address_policy.h"
#include "net/socket_stream.h"
#include "net/tls_stream.h"
#include "net/wait.h"

namespace penstock::net {
namespace {

Error unreachable(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                         std::move(message));
}

bool may_be_dialled_for_a_caller(const SocketAddress& address) {
  const std::optional<IpAddress> ip = IpAddress::from_sockaddr(*address.data());
  return ip && is_public(*ip);
}

std::string reason(int error_number) {
  return std::strerror(error_number);
}

int pending_error(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect(const Destination& destination,
                                                               SteadyTime until, Signal& cancel) {
  auto resolved = co_await resolver_.resolve(destination.host, destination.port, until, cancel);
  if (!resolved) co_return failure(std::move(resolved.error()));
  if (destination.rule == AddressRule::kPublicOnly) {
    const std::size_t all = resolved->size();
    std::erase_if(*resolved, [](const SocketAddress& address) {
      return !may_be_dialled_for_a_caller(address);
    });
    // A name that mixes public and other addresses is somebody's attempt to get past this check.
    if (resolved->size() != all) {
      co_return failure(Error::upstream(
          ErrorKind::kUpstreamForbidden, RetryClass::kNever,
          "the address of '" + destination.host + "' is not public, and the host is not allowed"));
    }
  }
  Error last = unreachable("the upstream has no address");
  for (std::size_t i = 0; i < resolved->size(); ++i) {
    // An address that does not answer leaves the others their share of the time.
    const auto share = (until - loop_.now()) / static_cast<long>(resolved->size() - i);
    auto stream = co_await connect_to(destination, (*resolved)[i], loop_.now() + share, cancel);
    if (stream) co_return std::move(*stream);
    last = std::move(stream.error());
    if (last.kind == ErrorKind::kCancelled) break;
  }
  co_return failure(std::move(last));
}

Task<Result<std::unique_ptr<Stream>>> SocketConnector::connect_to(const Destination& destination,
                                                                  SocketAddress address,
                                                                  SteadyTime until,
                                                                  Signal& cancel) {
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    co_return failure(unreachable("cannot create a socket for the upstream: " + reason(errno)));
  }
  const int started = ::connect(descriptor, address.data(), address.size());
  const int start_error = started == 0 ? 0 : errno;
  // Registered after the connect call: a socket that is not connected yet reports a hang-up.
  auto socket = std::make_unique<RegisteredSocket>(poller_, descriptor);
  if (!socket->registered())
    co_return failure(unreachable("cannot register the upstream's socket"));
  Deadline deadline(loop_);
  deadline.set(until);
  if (start_error == EINPROGRESS) {
    const Woken woken = co_await wait_any(loop_, &deadline, cancel, socket->readiness().writable);
    if (woken.by(cancel)) {
      co_return failure(Error::cancelled());
    }
    if (woken.timed_out()) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent,
                                        "connecting to the upstream took too long")
                            .at_limit(Limit::kConnectTimeout));
    }
  }
  const int error = start_error == EINPROGRESS ? pending_error(descriptor) : start_error;
  if (error != 0) {
    co_return failure(unreachable("cannot connect to the upstream: " + reason(error)));
  }
  if (destination.tls == nullptr) {
    co_return std::make_unique<SocketStream>(std::move(socket), address);
  }
  auto stream = std::make_unique<TlsStream>(std::move(socket), address, *destination.tls);
  Status shaken = co_await stream->connect(loop_, deadline, cancel, destination.host);
  if (!shaken) co_return failure(std::move(shaken.error()));
  co_return stream;
}

}  // namespace penstock::net
