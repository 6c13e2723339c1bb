#include "gateway/forward.h"

#include <gtest/gtest.h>

namespace penstock::gateway {
namespace {

struct Case {
  int number;
  bool reused;
  Repeatable repeatable;
  RetryClass retry;
  bool again;
};

// Nothing is sent twice that may have been acted on, and nothing is tried a third time.
TEST(MayRetry, DependsOnWhatHasLeftOverWhichConnection) {
  using enum RetryClass;
  const Case cases[] = {
      {1, true, Repeatable::kNo, kNothingSent, true},
      {1, true, Repeatable::kYes, kNothingSent, true},
      {1, true, Repeatable::kNo, kStaleConnection, false},
      {1, true, Repeatable::kYes, kStaleConnection, true},
      {1, true, Repeatable::kNo, kNever, false},
      {1, true, Repeatable::kYes, kNever, false},
      // A new connection has failed: another one would too.
      {1, false, Repeatable::kNo, kNothingSent, false},
      {1, false, Repeatable::kYes, kNothingSent, false},
      {1, false, Repeatable::kYes, kStaleConnection, false},
      {1, false, Repeatable::kYes, kNever, false},
      {2, true, Repeatable::kYes, kNothingSent, false},
      {2, true, Repeatable::kYes, kStaleConnection, false},
      {2, false, Repeatable::kYes, kNothingSent, false},
      {3, true, Repeatable::kYes, kNothingSent, false},
  };
  for (const Case& each : cases) {
    Attempt attempt;
    attempt.number = each.number;
    attempt.reused_connection = each.reused;
    attempt.repeatable = each.repeatable;
    const Error error = Error::upstream(ErrorKind::kUpstreamReset, each.retry, "it broke");
    EXPECT_EQ(may_retry(attempt, error), each.again)
        << "attempt " << each.number << ", reused " << each.reused << ", retry class "
        << static_cast<int>(each.retry);
  }
}

}  // namespace
}  // namespace penstock::gateway
