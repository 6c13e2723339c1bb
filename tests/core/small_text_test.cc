#include "core/small_text.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(SmallText, KeepsATextOfItsInlineSizeAndOneByteMore) {
  const std::string fits(8, 'a');
  const std::string longer(9, 'b');
  SmallText<8> text(fits);
  EXPECT_EQ(text.view(), fits);
  text.assign(longer);
  EXPECT_EQ(text.view(), longer);
  text.assign(fits);
  EXPECT_EQ(text.view(), fits);
}

TEST(SmallText, IsEmptyUntilSomethingIsAssigned) {
  SmallText<8> text;
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.view(), "");
  text.assign("x");
  EXPECT_FALSE(text.empty());
}

TEST(SmallText, CopiesWithItsText) {
  SmallText<4> text("abcd");
  const SmallText<4> copy = text;
  text.assign("efgh");
  EXPECT_EQ(copy.view(), "abcd");
}

}  // namespace
}  // namespace penstock
