// start_of_whole(): an answer that is an error, from its first bytes.

#include "wire/apis/whole_start.h"

#include <gtest/gtest.h>

#include <string_view>

namespace penstock::wire {
namespace {

TEST(WholeStart, IsAnErrorIfTheFirstMemberSaysSo) {
  for (const std::string_view text :
       {R"({"error":{"message":"x","code":429}})", "{ \"error\" :\r\n\t{ \"code\" : 503 } }",
        R"({"error":"overloaded"})", R"({"error":{"c)", R"({"error":"o)",
        R"({"type":"error","error":{"type":"overloaded_error"}})",
        R"({"object": "error", "message": "x"})"}) {
    EXPECT_EQ(start_of_whole(text), WholeStart::kError) << text;
  }
}

TEST(WholeStart, IsAnAnswerIfTheFirstMemberIsAnotherOrEmpty) {
  for (const std::string_view text :
       {R"({"id":"c","error":{"code":429}})", R"({"error":null,"id":"r"})", R"({"error":{}})",
        R"({"error":""})", R"({"error":[]})", R"({"errors":1})", R"({"type":"message"})",
        R"({"type":"errors"})", R"({"object":"chat.completion"})", R"({"object":null})", "{}", "[",
        "text", "\x1f\x8b", R"({"e":1})",
        R"({"typ)"
        "\n"}) {
    EXPECT_EQ(start_of_whole(text), WholeStart::kAnswer) << text;
  }
}

TEST(WholeStart, IsNotKnownBeforeTheFirstValueBegins) {
  constexpr std::string_view kError = R"( { "error" : { "message" : "x" } } )";
  const std::size_t known = kError.find("\"message");
  for (std::size_t length = 0; length < kError.size(); ++length) {
    EXPECT_EQ(start_of_whole(kError.substr(0, length)),
              length <= known ? WholeStart::kUnknown : WholeStart::kError)
        << length;
  }
  constexpr std::string_view kTyped = R"({"type":"error"})";
  for (std::size_t length = 0; length + 1 < kTyped.size(); ++length) {
    EXPECT_EQ(start_of_whole(kTyped.substr(0, length)), WholeStart::kUnknown) << length;
  }
}

}  // namespace
}  // namespace penstock::wire
