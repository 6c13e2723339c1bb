#include "net/listener.h"

#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/epoll_poller.h"
#include "support/few_descriptors.h"

namespace penstock::net {
namespace {

using testing::FewDescriptors;
using Kind = Listener::Accepted::Kind;

// faults-measured #11
TEST(Listener, KeepsSomeDescriptorsForWhenThereAreNoOthers) {
  EpollPoller poller;
  const auto listener =
      *Listener::open(poller, *resolve_listen_address("127.0.0.1", 0), /*reserve=*/2);
  const SocketAddress address = listener->address();
  std::vector<int> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(clients.back(), address.data(), address.size()), 0);
  }
  Listener::Accepted first;
  Listener::Accepted second;
  {
    const FewDescriptors few;
    first = listener->accept();
    EXPECT_EQ(first.kind, Kind::kConnection);
    EXPECT_TRUE(first.from_reserve);
    second = listener->accept();
    EXPECT_EQ(second.kind, Kind::kConnection);
    EXPECT_EQ(listener->accept().kind, Kind::kOutOfResources);
    EXPECT_EQ(listener->accept().kind, Kind::kOutOfResources) << "and not a connection is lost";
    // What is set free goes to the reserve, and from there to the next.
    second.socket.reset();
    const Listener::Accepted third = listener->accept();
    EXPECT_EQ(third.kind, Kind::kConnection);
    EXPECT_TRUE(third.from_reserve);
  }
  const Listener::Accepted fourth = listener->accept();
  EXPECT_EQ(fourth.kind, Kind::kConnection);
  EXPECT_FALSE(fourth.from_reserve);
  EXPECT_EQ(listener->accept().kind, Kind::kNoneWaiting);
  // Nobody waits: nothing is taken from the reserve, and nothing is missing.
  const FewDescriptors few;
  EXPECT_EQ(listener->accept().kind, Kind::kNoneWaiting);
  for (const int client : clients) close(client);
}

}  // namespace
}  // namespace penstock::net
