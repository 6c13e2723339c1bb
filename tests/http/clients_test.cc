#include "http/clients.h"

#include <memory>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "support/simulated_loop.h"

namespace penstock::http {
namespace {

net::SocketAddress address(const std::string& text) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return {reinterpret_cast<const sockaddr*>(&v4), sizeof v4};
  }
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
  v6.sin6_family = AF_INET6;
  return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
}

// reported-failures #9 (faults-measured)
class ClientsTest : public ::testing::Test {
 protected:
  using Place = Clients::Place;

  std::unique_ptr<Client> arrive(const std::string& from) {
    const Place place = clients_.find_place();
    EXPECT_NE(place, Place::kNone);
    return std::make_unique<Client>(clients_, address(from), place);
  }
  std::unique_ptr<Client> admitted(const std::string& from) {
    auto client = arrive(from);
    EXPECT_TRUE(client->admit());
    return client;
  }
  // What a connection does when it is told to end.
  static bool must_go(const std::unique_ptr<Client>& client) { return client->ended().raised(); }

  testing::SimulatedLoop sim_;
  ConnectionCount count_{4};
  Clients clients_{sim_.loop(), count_, 2};
};

TEST_F(ClientsTest, KeepsAllWhileThereIsRoom) {
  std::vector<std::unique_ptr<Client>> all;
  for (int i = 0; i < 4; ++i) all.push_back(arrive("192.0.2.1"));
  for (const auto& client : all) EXPECT_FALSE(must_go(client));
}

TEST_F(ClientsTest, LetGoFirstOneThatLeavesThenOneWithoutAKeyThenTheOneThatRestsLongest) {
  auto busy = admitted("192.0.2.1");
  auto idle = admitted("192.0.2.1");
  idle->request_ends();
  auto unknown = arrive("192.0.2.2");
  auto leaving = arrive("192.0.2.3");
  leaving->leaves();
  auto fifth = admitted("192.0.2.4");
  EXPECT_TRUE(must_go(leaving));
  EXPECT_FALSE(must_go(unknown));
  auto sixth = admitted("192.0.2.4");
  EXPECT_TRUE(must_go(unknown));
  EXPECT_FALSE(must_go(idle));
  auto seventh = admitted("192.0.2.4");
  EXPECT_TRUE(must_go(idle));
  EXPECT_FALSE(must_go(busy));
}

TEST_F(ClientsTest, LetGoTheOldestOfTheAddressThatHasTheMost) {
  auto lonely = arrive("192.0.2.1");
  auto first = arrive("192.0.2.2");
  auto second = arrive("192.0.2.2");
  auto other = arrive("192.0.2.3");
  auto fifth = arrive("192.0.2.4");
  EXPECT_TRUE(must_go(first));
  for (const auto* client : {&lonely, &second, &other, &fifth}) EXPECT_FALSE(must_go(*client));
}

TEST_F(ClientsTest, TakeANetworkOfIpv6AndAMappedAddressForOneAddress) {
  auto lonely = arrive("2001:db8:0:1::1");
  auto first = arrive("2001:db8:0:2::1");
  auto second = arrive("2001:db8:0:2:ffff::2");
  auto mapped = arrive("::ffff:192.0.2.1");
  auto fifth = arrive("192.0.2.1");
  EXPECT_TRUE(must_go(first)) << "two of one /64, before the first of two others";
  first.reset();
  auto sixth = arrive("198.51.100.1");
  EXPECT_TRUE(must_go(mapped)) << "the same as its IPv4 address";
  EXPECT_FALSE(must_go(lonely));
}

TEST_F(ClientsTest, GiveAReservedPlaceWhereAllServeKeyHolders) {
  std::vector<std::unique_ptr<Client>> busy;
  for (int i = 0; i < 4; ++i) busy.push_back(admitted("192.0.2.1"));
  auto first = arrive("192.0.2.2");
  auto second = arrive("192.0.2.2");
  EXPECT_FALSE(first->admit()) << "only operations are served in it";
  auto third = arrive("192.0.2.3");
  EXPECT_TRUE(must_go(first));
  EXPECT_FALSE(must_go(second));
  for (const auto& client : busy) EXPECT_FALSE(must_go(client));
  // A key holder takes the place that has become free.
  busy.pop_back();
  EXPECT_TRUE(second->admit());
  EXPECT_FALSE(third->admit());
}

TEST_F(ClientsTest, OfAnotherThreadGoWhereThisOneHasNoneToSpare) {
  testing::SimulatedLoop other_loop;
  Clients others{other_loop.loop(), count_, 2};
  auto idle = std::make_unique<Client>(others, address("192.0.2.1"), others.find_place());
  std::vector<std::unique_ptr<Client>> busy;
  for (int i = 0; i < 3; ++i) busy.push_back(admitted("192.0.2.1"));
  auto next = admitted("192.0.2.2");
  EXPECT_FALSE(must_go(idle));
  other_loop.settle();
  EXPECT_TRUE(must_go(idle));
}

TEST_F(ClientsTest, AreQuietWhileNoneIsInTheMiddleOfSomething) {
  EXPECT_TRUE(clients_.quiet().raised());
  auto first = arrive("192.0.2.1");
  auto second = arrive("192.0.2.1");
  first->set_in_the_middle();
  first->set_in_the_middle();
  second->set_in_the_middle();
  first->set_not_in_the_middle();
  EXPECT_FALSE(clients_.quiet().raised());
  second.reset();
  EXPECT_TRUE(clients_.quiet().raised());
}

}  // namespace
}  // namespace penstock::http
