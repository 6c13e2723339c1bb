#include "core/hidden_texts.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

std::string shown_without(const HiddenTexts& hidden, std::string text) {
  hidden.mask(text);
  return text;
}

TEST(HiddenTexts, BecomeAMaskWhereverTheyStand) {
  const HiddenTexts hidden({"gpu.internal", "a \"quoted\" text"});
  EXPECT_EQ(shown_without(hidden, "gpu.internal, GPU.Internal:80"), "********, ********:80");
  EXPECT_EQ(shown_without(hidden, R"({"a": "a \"quoted\" text"})"), R"({"a": "********"})");
  EXPECT_EQ(shown_without(hidden, R"(a "quoted" text)"), "********");
  EXPECT_EQ(shown_without(hidden, "gpu and internal"), "gpu and internal");
}

TEST(HiddenTexts, AreMaskedBeforePartsOfThem) {
  const HiddenTexts hidden({"gpu.internal", "https://gpu.internal/v1"});
  EXPECT_EQ(shown_without(hidden, "https://gpu.internal/v1 of gpu.internal"),
            "******** of ********");
}

TEST(HiddenTexts, AreNotShort) {
  const HiddenTexts hidden({"", "default"});
  EXPECT_EQ(shown_without(hidden, "the default"), "the default");
  EXPECT_FALSE(hidden.are_in("the default"));
}

TEST(HiddenTexts, AreFoundInAText) {
  const HiddenTexts hidden({"gpu.internal"});
  EXPECT_TRUE(hidden.are_in("http://Gpu.Internal/v1"));
  EXPECT_FALSE(hidden.are_in("http://gpu/v1"));
  EXPECT_FALSE(HiddenTexts().are_in("gpu.internal"));
}

}  // namespace
}  // namespace penstock
