#include "core/base64.h"

#include <gtest/gtest.h>

#include <string_view>

namespace penstock {
namespace {

// RFC 4648 section 10
constexpr std::pair<std::string_view, std::string_view> kVectors[] = {{"", ""},
                                                                      {"f", "Zg=="},
                                                                      {"fo", "Zm8="},
                                                                      {"foo", "Zm9v"},
                                                                      {"foob", "Zm9vYg=="},
                                                                      {"fooba", "Zm9vYmE="},
                                                                      {"foobar", "Zm9vYmFy"}};

TEST(Base64, IsTheOneOfTheStandard) {
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(base64_encoded(bytes), text);
    EXPECT_EQ(base64_decoded(text), bytes);
  }
  EXPECT_EQ(base64_encoded("\xFB\xFF"), "+/8=");
}

TEST(Base64, RefusesWhatIsNone) {
  EXPECT_EQ(base64_decoded("Zm9v Zm9v"), std::nullopt);
  EXPECT_EQ(base64_decoded("Zm-v"), std::nullopt);
}

}  // namespace
}  // namespace penstock
