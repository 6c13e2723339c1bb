#include "net/notify_socket.h"

#include <gtest/gtest.h>

#include <string>

#include <unistd.h>

#include "support/notify_receiver.h"
#include "support/temp_directory.h"

namespace penstock::net {
namespace {

using testing::NotifyReceiver;
using testing::TempDirectory;

TEST(NotifySocketTest, SendsToASocketAtAPathOrOfAName) {
  const TempDirectory directory;
  for (const std::string& address :
       {directory.path_of("notify"), "@penstock-notify-" + std::to_string(::getpid())}) {
    const NotifyReceiver receiver(address);
    auto socket = NotifySocket::open(address);
    ASSERT_TRUE(socket) << address;
    EXPECT_TRUE(socket->send("READY=1\nSTATUS=x"));
    EXPECT_EQ(receiver.next(), "READY=1\nSTATUS=x");
    EXPECT_TRUE(socket->send("STOPPING=1"));
    EXPECT_EQ(receiver.next(), "STOPPING=1");
  }
}

TEST(NotifySocketTest, TakesAPathAsLongAsTheSystemDoes) {
  EXPECT_TRUE(NotifySocket::open("/" + std::string(106, 'x')));
  EXPECT_FALSE(NotifySocket::open("/" + std::string(107, 'x')));
  EXPECT_TRUE(NotifySocket::open("@" + std::string(107, 'x')));
  EXPECT_FALSE(NotifySocket::open("@" + std::string(108, 'x')));
}

TEST(NotifySocketTest, RefusesAddressesOfOtherKinds) {
  for (const char* address : {"", "/", "@", "relative/path", "vsock:2:1234"}) {
    EXPECT_FALSE(NotifySocket::open(address)) << address;
  }
}

TEST(NotifySocketTest, SaysThatNobodyListens) {
  const TempDirectory directory;
  auto socket = NotifySocket::open(directory.path_of("nobody"));
  ASSERT_TRUE(socket);
  const Status sent = socket->send("READY=1");
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "it cannot be told: No such file or directory");
}

}  // namespace
}  // namespace penstock::net
