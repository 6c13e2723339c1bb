#include "net/offload.h"

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/patience.h"

namespace penstock::net {
namespace {

using testing::kPatience;

class OffloadTest : public ::testing::Test {
 protected:
  // One thread, which is busy until release().
  void begin(std::size_t waiting_max, std::optional<Limit> limit = {}) {
    offload_.emplace(Offload::Options{
        .work = "readings", .threads = 1, .waiting_max = waiting_max, .limit = limit});
    ASSERT_TRUE(offload_->start([this, released = released_.get_future().share()] {
      begun_.set_value();
      released.wait();
    }));
    ASSERT_EQ(begun_.get_future().wait_for(kPatience), std::future_status::ready);
  }
  void release() { released_.set_value(); }

  // Work that tells when it is done.
  Result<std::shared_ptr<Offload::Job>> start(std::promise<void>& done) {
    return offload_->start([&done] { done.set_value(); });
  }
  static bool is_done(std::promise<void>& done) {
    return done.get_future().wait_for(kPatience) == std::future_status::ready;
  }

  std::promise<void> begun_;
  std::promise<void> released_;
  std::optional<Offload> offload_;
};

TEST_F(OffloadTest, DoesTheWorkInTheOrderInWhichItCame) {
  begin(50);
  std::string order;
  std::promise<void> last;
  for (const char name : {'a', 'b', 'c'}) {
    ASSERT_TRUE(offload_->start([&order, name] { order.push_back(name); }));
  }
  ASSERT_TRUE(start(last));
  release();
  ASSERT_TRUE(is_done(last));
  EXPECT_EQ(order, "abc");
}

// reported-failures 1.9: at the limit, and one past it.
TEST_F(OffloadTest, RefusesWhatFindsNoPlaceInTheQueue) {
  begin(2, Limit::kCallerLookups);
  std::vector<std::promise<void>> done(3);
  EXPECT_TRUE(start(done[0]));
  EXPECT_TRUE(start(done[1]));
  const auto refused = start(done[2]);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(refused.error().limit, Limit::kCallerLookups);
  EXPECT_EQ(refused.error().message, "too many readings are waiting");
  release();
  EXPECT_TRUE(is_done(done[1]));
  EXPECT_TRUE(start(done[2]));
  EXPECT_TRUE(is_done(done[2]));
}

TEST_F(OffloadTest, CountsWhatWaitsAndWhatItRefused) {
  begin(2);
  std::vector<std::promise<void>> done(3);
  EXPECT_EQ(offload_->counts().waiting, 0U);
  const auto dropped = start(done[0]);
  ASSERT_TRUE(dropped);
  ASSERT_TRUE(start(done[1]));
  EXPECT_FALSE(start(done[2]));
  EXPECT_EQ(offload_->counts().waiting, 2U);
  EXPECT_EQ(offload_->counts().refused, 1U);
  (*dropped)->drop();
  EXPECT_EQ(offload_->counts().waiting, 1U);
  release();
  EXPECT_TRUE(is_done(done[1]));
  EXPECT_EQ(offload_->counts().waiting, 0U);
}

// analysis A2
TEST_F(OffloadTest, DoesNotDoWhatWasDroppedNorCountItsPlace) {
  begin(1);
  std::promise<void> dropped;
  std::promise<void> wanted;
  const auto job = start(dropped);
  ASSERT_TRUE(job);
  EXPECT_TRUE((*job)->drop());
  EXPECT_TRUE(start(wanted));
  release();
  EXPECT_TRUE(is_done(wanted));
  EXPECT_EQ(dropped.get_future().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

TEST_F(OffloadTest, CannotDropWhatHasBegun) {
  Offload::Job job;
  EXPECT_TRUE(job.begin());
  EXPECT_FALSE(job.drop());
  Offload::Job another;
  EXPECT_TRUE(another.drop());
  EXPECT_FALSE(another.begin());
}

// getaddrinfo() may block for longer than a shutdown may take.
TEST_F(OffloadTest, EndsWithoutWaitingForItsWork) {
  begin(1);
  std::promise<void> queued;
  ASSERT_TRUE(start(queued));
  offload_.reset();
  release();
  EXPECT_EQ(queued.get_future().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
}

}  // namespace
}  // namespace penstock::net
