#include "app/listening_place.h"

#include <utility>

#include "config/url.h"

namespace penstock::app {

Result<ListeningPlace> ListeningPlace::open(const std::string& host, std::uint16_t port,
                                            mode_t socket_mode) {
  ListeningPlace place;
  if (const std::string path(config::socket_of_host(host)); !path.empty()) {
    auto opened = net::UnixSocket::listen(path, socket_mode);
    if (!opened) return failure(std::move(opened.error()));
    place.socket_ = std::move(*opened);
    return place;
  }
  auto address = net::resolve_listen_address(host, port);
  if (!address) return failure(std::move(address.error()));
  if (Status free = net::check_address_is_free(*address); !free) {
    return failure(std::move(free.error()));
  }
  place.address_ = *address;
  return place;
}

Status ListeningPlace::check(const std::string& host) {
  if (const std::string path(config::socket_of_host(host)); !path.empty()) {
    return net::UnixSocket::check(path);
  }
  const auto address = net::resolve_listen_address(host, 0);
  if (!address) return failure(address.error());
  return net::check_address_is_free(*address);
}

Result<std::unique_ptr<net::Listener>> ListeningPlace::open_listener(net::EpollPoller& poller,
                                                                     std::size_t reserve) {
  if (is_socket()) return net::Listener::share(poller, *socket_, reserve);
  auto listener = net::Listener::open(poller, address_, reserve);
  if (listener) address_ = (*listener)->address();
  return listener;
}

std::string ListeningPlace::text() const {
  return is_socket() ? "unix:" + socket_->path() : address_.text();
}

std::uint16_t ListeningPlace::port() const {
  return is_socket() ? 0 : address_.port();
}

}  // namespace penstock::app
