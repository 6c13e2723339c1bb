#include "core/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/result.h"

namespace penstock {
namespace {

TEST(Error, HasANameOfItsOwnForEveryKind) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::kInternal); ++kind) {
    const std::string_view name = name_of(static_cast<ErrorKind>(kind));
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(name_of(ErrorKind::kUpstreamTimeout), "upstream_timeout");
}

TEST(Error, KnowsWhetherToTryAgain) {
  EXPECT_EQ(Error::client(ErrorKind::kNotFound, "m").retry, RetryClass::kNever);
  const Error upstream =
      Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kStaleConnection, "m");
  EXPECT_EQ(upstream.retry, RetryClass::kStaleConnection);
}

TEST(Result, CarriesAValueOrItsError) {
  const Result<int> value = 5;
  EXPECT_EQ(value.value(), 5);
  const Result<int> none = failure(Error::client(ErrorKind::kInvalidRequest, "why"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "why");
}

}  // namespace
}  // namespace penstock
