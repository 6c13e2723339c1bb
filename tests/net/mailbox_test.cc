#include "net/mailbox.h"

#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "support/simulated_loop.h"

namespace penstock::net {
namespace {

using testing::SimulatedLoop;

class MailboxTest : public ::testing::Test {
 protected:
  SimulatedLoop sim_;
  std::optional<Mailbox> mailbox_{sim_.loop()};
  const Mailbox::Address address_ = mailbox_->address();
  int runs_ = 0;
};

TEST_F(MailboxTest, RunsOnTheLoopWhatAnotherThreadPosts) {
  std::thread([this] { address_.post([this] { ++runs_; }); }).join();
  EXPECT_EQ(runs_, 0);
  sim_.settle();
  EXPECT_EQ(runs_, 1);
}

TEST_F(MailboxTest, DropsWhatIsPostedAfterItsEnd) {
  mailbox_.reset();
  address_.post([this] { ++runs_; });
  sim_.settle();
  EXPECT_EQ(runs_, 0);
}

TEST_F(MailboxTest, DropsAtItsEndWhatHasNotRun) {
  address_.post([this] { ++runs_; });
  mailbox_.reset();
  sim_.settle();
  EXPECT_EQ(runs_, 0);
}

}  // namespace
}  // namespace penstock::net
