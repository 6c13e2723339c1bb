#include "http/clients.h"

#include <algorithm>
#include <cstring>

#include "http/server_connection.h"

namespace penstock::http {

bool ConnectionCount::ask_others(const Clients& own) {
  const std::lock_guard lock(threads_mutex_);
  for (Clients* clients : threads_) {
    if (clients == &own || clients->spare_.load(std::memory_order_relaxed) == 0) continue;
    clients->loop_.post([clients] { clients->end_one(); });
    return true;
  }
  return false;
}

void Clients::Link::unlink() {
  previous->next = next;
  next->previous = previous;
  previous = next = this;
}

void Clients::append(Link& list, Link& link) {
  link.previous = list.previous;
  link.next = &list;
  list.previous->next = &link;
  list.previous = &link;
}

Clients::Clients(net::EventLoop& loop, ConnectionCount& count, std::size_t reserved)
    : loop_(loop), count_(count), reserved_max_(reserved) {
  quiet_.raise();
  const std::lock_guard lock(count_.threads_mutex_);
  count_.threads_.push_back(this);
}

Clients::~Clients() {
  const std::lock_guard lock(count_.threads_mutex_);
  std::erase(count_.threads_, this);
}

Clients::Place Clients::find_place() {
  return take_ordinary() ? Place::kOrdinary : take_reserved();
}

bool Clients::take_ordinary() {
  was_full_ = !count_.enter();
  if (!was_full_) return true;
  if (!end_one() && !count_.ask_others(*this)) return false;
  count_.enter_anyway();
  return true;
}

Clients::Place Clients::find_place_without_descriptors() {
  if (!end_one()) return take_reserved();
  end_one();
  was_full_ = !count_.enter();
  if (was_full_) count_.enter_anyway();
  return Place::kOrdinary;
}

Clients::Place Clients::take_reserved() {
  if (reserved_max_ == 0) return Place::kNone;
  if (reserved_ >= reserved_max_) end_first(reserved_list_);
  return Place::kReserved;
}

bool Clients::end_first(Link& list) {
  if (!list.linked()) return false;
  static_cast<Client*>(list.next)->end();
  return true;
}

bool Clients::end_one() {
  if (end_first(leaving_)) return true;
  if (!by_size_.empty()) return end_first(by_size_.rbegin()->second->members);
  return end_first(idle_);
}

// The first byte tells the families apart. An IPv4-mapped address counts as the IPv4 address.
Clients::Network Clients::network_of(const net::SocketAddress& peer) {
  Network network{};
  if (peer.family() == AF_INET) {
    network[0] = 4;
    std::memcpy(&network[1], &peer.ipv4(), 4);
  } else if (peer.family() == AF_INET6) {
    const in6_addr& address = peer.ipv6();
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&address);
    network[0] = mapped ? 4 : 6;
    std::memcpy(&network[1], address.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
  }
  return network;
}

void Clients::resize(Group& group, std::size_t size) {
  if (group.size > 0) by_size_.erase({group.size, &group});
  group.size = size;
  if (size > 0) by_size_.emplace(size, &group);
}

void Clients::join(Client& client) {
  std::size_t spare = spare_.load(std::memory_order_relaxed);
  switch (client.standing_) {
    case Client::Standing::kUnknown:
      client.group_ = &groups_[client.network_];
      resize(*client.group_, client.group_->size + 1);
      append(client.group_->members, client);
      break;
    case Client::Standing::kReserved:
      ++reserved_;
      append(reserved_list_, client);
      return;
    case Client::Standing::kIdle:
      append(idle_, client);
      break;
    case Client::Standing::kLeaving:
      append(leaving_, client);
      break;
    default:
      return;
  }
  count_spare(spare + 1);
}

void Clients::leave(Client& client) {
  if (client.standing_ == Client::Standing::kReserved) --reserved_;
  if (!client.linked()) return;
  client.unlink();
  if (client.standing_ == Client::Standing::kReserved) return;
  count_spare(spare_.load(std::memory_order_relaxed) - 1);
  if (client.group_ == nullptr) return;
  resize(*client.group_, client.group_->size - 1);
  if (client.group_->size == 0) groups_.erase(client.network_);
  client.group_ = nullptr;
}

Client::Client(Clients& clients, const net::SocketAddress& peer, Clients::Place place)
    : clients_(clients),
      network_(Clients::network_of(peer)),
      standing_(place == Clients::Place::kReserved ? Standing::kReserved : Standing::kUnknown),
      counted_(place == Clients::Place::kOrdinary) {
  clients_.join(*this);
}

Client::~Client() {
  set_middle(0);
  clients_.leave(*this);
  if (counted_) clients_.count_.leave();
}

void Client::move_to(Standing standing) {
  if (standing_ == Standing::kEnded) return;
  // A client without a counted place keeps its standing: it is the first of its kind to end.
  if (!counted_ && standing != Standing::kEnded) return;
  clients_.leave(*this);
  standing_ = standing;
  clients_.join(*this);
}

void Client::comes_from(const net::SocketAddress& peer) {
  if (standing_ == Standing::kEnded) return;
  clients_.leave(*this);
  network_ = Clients::network_of(peer);
  clients_.join(*this);
}

bool Client::admit() {
  if (!counted_) {
    if (!clients_.take_ordinary()) return false;
    counted_ = true;
  }
  move_to(Standing::kBusy);
  return true;
}

void Client::end() {
  move_to(Standing::kEnded);
  ended_.raise();
  if (connection_ != nullptr) connection_->end();
}

void Client::set_middle(std::size_t middle) {
  clients_.in_the_middle_ += middle - middle_;
  middle_ = middle;
  if (clients_.in_the_middle_ > 0) {
    clients_.quiet_.lower();
  } else {
    clients_.quiet_.raise();
  }
}

}  // namespace penstock::http
