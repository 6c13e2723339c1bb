#include "net/lookup.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "support/patience.h"

namespace penstock::net {
namespace {

using testing::kPatience;

TEST(LookupThreads, TellsWhatTheSourceSaysOfTheName) {
  LookupThreads threads({.work = "look-ups"}, [](const std::string& host) {
    return LookupAnswer{{}, host + " is unknown"};
  });
  std::promise<std::string> said;
  const auto started =
      threads.start("host", [&](LookupAnswer answer) { said.set_value(answer.failure); });
  ASSERT_TRUE(started);
  auto future = said.get_future();
  ASSERT_EQ(future.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), "host is unknown");
}

TEST(LookupThreads, FailsWhereNoMoreMayWait) {
  LookupThreads threads({.work = "look-ups", .waiting_max = 0});
  const auto started = threads.start("host", [](const LookupAnswer&) {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::kOverloaded);
  EXPECT_EQ(threads.counts().refused, 1U);
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
