// How large requests are, in terms of tokens.

#include "wire/bodies/request_size.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::wire {
namespace {

TEST(RequestSize, CountsTheTextOfStringsInBytesWithinAndBeyondAscii) {
  const RequestSize size = read_size(R"({"messages":[{"role":"user","content":"Grüße \"x\""}]})");
  // messages, role, user, content; the ü and ß are two bytes each.
  EXPECT_EQ(size.text.ascii_bytes, 8U + 4 + 4 + 7 + 9);
  EXPECT_EQ(size.text.other_bytes, 4U);
  EXPECT_EQ(size.output_tokens, std::nullopt);
}

// limits.md case 17
TEST(RequestSize, CountsAnImageOnceHoweverLargeItsFileIs) {
  const std::string base64(5'000'000, 'A');
  for (const std::string& part :
       {R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" + base64 + "\"}}",
        R"({"type":"input_image","image_url":"data:image/png;base64,)" + base64 + "\"}",
        R"({"type":"image","source":{"type":"base64","media_type":"image/png","data":")" + base64 +
            "\"}}"}) {
    const RequestSize size = read_size(R"({"messages":[{"content":[)" + part + "]}]}");
    EXPECT_EQ(size.images, 1U) << part.substr(0, 40);
    EXPECT_EQ(size.files, 0U);
    EXPECT_LT(size.text.ascii_bytes, 100U);
  }
}

TEST(RequestSize, TellsSmallImagesFilesAndSound) {
  const RequestSize size = read_size(
      R"({"messages":[{"content":[{"type":"image_url",)"
      R"("image_url":{"url":"https://h/a","detail":"low"}},)"
      R"({"type":"image_url","image_url":{"url":"https://h/b"}},{"type":"file","file":{}},)"
      R"({"type":"input_audio","input_audio":{}},{"type":"document"}]}]})");
  EXPECT_EQ(size.small_images, 1U);
  EXPECT_EQ(size.images, 1U);
  EXPECT_EQ(size.files, 3U);
}

TEST(RequestSize, ReadsHowManyTokensAreAskedForUnderEachName) {
  EXPECT_EQ(read_size(R"({"max_tokens":100})").output_tokens, 100U);
  EXPECT_EQ(read_size(R"({"max_completion_tokens":200,"n":3})").output_tokens, 600U);
  EXPECT_EQ(read_size(R"({"n":2,"max_output_tokens":300})").output_tokens, 600U);
  EXPECT_EQ(read_size(R"({"max\u005ftokens":100,"\u006e":3})").output_tokens, 300U);
  EXPECT_EQ(read_size(R"({"max_tokens":null})").output_tokens, std::nullopt);
  EXPECT_EQ(read_size(R"({"messages":[{"max_tokens":7}]})").output_tokens, std::nullopt);
}

TEST(RequestSize, OfAbsurdNumbersIsBounded) {
  const RequestSize size =
      read_size(R"({"max_tokens":9999999999999999999,"n":9999999999999999999})");
  EXPECT_EQ(size.output_tokens, 1'000'000'000'000U);
}

TEST(RequestSize, OfWhatIsNoObjectIsNothing) {
  for (const char* const body : {"", "[", "7", "{\"a", "nonsense"}) {
    EXPECT_EQ(read_size(body).output_tokens, std::nullopt) << body;
  }
}

}  // namespace
}  // namespace penstock::wire
