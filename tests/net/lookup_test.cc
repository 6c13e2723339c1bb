#include "net/lookup.h"

#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/resolver.h"
#include "support/patience.h"

namespace penstock::net {
namespace {

using testing::kPatience;

// A name server that answers when the test says so.
struct SlowSource {
  std::promise<void> begun;
  std::promise<void> may_answer;
  std::shared_future<void> answers = may_answer.get_future().share();

  LookupAnswer operator()(const std::string& host) {
    if (host == "slow") {
      begun.set_value();
      answers.wait();
    }
    return {{}, host};
  }
};

class LookupThreadsTest : public ::testing::Test {
 protected:
  static Lookups::Done tell(std::promise<std::string>& into) {
    return [&into](LookupAnswer answer) { into.set_value(answer.failure); };
  }
  static std::string get(std::promise<std::string>& promise) {
    auto future = promise.get_future();
    return future.wait_for(kPatience) == std::future_status::ready ? future.get() : "nothing";
  }

  // One thread, which is busy until release().
  void begin(std::size_t waiting_max) {
    threads_.emplace(1, waiting_max, [this](const std::string& host) { return source_(host); });
    threads_->start("slow", tell(slow_));
    ASSERT_EQ(source_.begun.get_future().wait_for(kPatience), std::future_status::ready);
  }
  void release() { source_.may_answer.set_value(); }

  SlowSource source_;
  std::promise<std::string> slow_;
  std::optional<LookupThreads> threads_;
};

TEST_F(LookupThreadsTest, AnswersInTheOrderOfTheQuestions) {
  begin(0);
  std::vector<std::promise<std::string>> answers(50);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_NE(threads_->start(std::to_string(i), tell(answers[i])), nullptr);
  }
  release();
  EXPECT_EQ(get(slow_), "slow");
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(get(answers[i]), std::to_string(i));
}

// reported-failures 1.9: at the limit, and one past it.
TEST_F(LookupThreadsTest, LetsNoMoreWaitThanMay) {
  begin(2);
  std::vector<std::promise<std::string>> answers(3);
  EXPECT_NE(threads_->start("a", tell(answers[0])), nullptr);
  EXPECT_NE(threads_->start("b", tell(answers[1])), nullptr);
  EXPECT_EQ(threads_->start("c", tell(answers[2])), nullptr);
  release();
  EXPECT_EQ(get(answers[1]), "b");
  EXPECT_NE(threads_->start("c", tell(answers[2])), nullptr);
  EXPECT_EQ(get(answers[2]), "c");
  EXPECT_EQ(get(slow_), "slow");
}

// analysis A2
TEST_F(LookupThreadsTest, DoesNotMakeALookupThatWasDroppedNorCountItsPlace) {
  begin(1);
  std::promise<std::string> dropped;
  std::promise<std::string> wanted;
  const std::shared_ptr<Lookup> lookup = threads_->start("dropped", tell(dropped));
  ASSERT_NE(lookup, nullptr);
  EXPECT_TRUE(lookup->drop());
  EXPECT_NE(threads_->start("wanted", tell(wanted)), nullptr);
  release();
  EXPECT_EQ(get(wanted), "wanted");
  EXPECT_EQ(dropped.get_future().wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  EXPECT_EQ(get(slow_), "slow");
}

TEST_F(LookupThreadsTest, CannotDropWhatHasBegun) {
  Lookup lookup;
  EXPECT_TRUE(lookup.begin());
  EXPECT_FALSE(lookup.drop());
  Lookup another;
  EXPECT_TRUE(another.drop());
  EXPECT_FALSE(another.begin());
}

TEST(SystemLookup, FindsTheMachineItself) {
  EXPECT_FALSE(system_lookup("localhost").addresses.empty());
}

TEST(SystemLookup, SaysThatANameHasNoAddress) {
  // Too long for a name, so that nobody is asked.
  const LookupAnswer answer = system_lookup(std::string(300, 'n'));
  EXPECT_TRUE(answer.addresses.empty());
  EXPECT_NE(answer.failure, "");
}

}  // namespace
}  // namespace penstock::net
