#include "wire/request_fields.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace penstock::wire {
namespace {

using namespace std::string_literals;

// Reads `body` out of memory that ends with it, so that the sanitizers see a step too far.
Result<RequestFields> read(std::string_view body) {
  static RequestReader reader;
  const std::vector<char> exact(body.begin(), body.end());
  return reader.read({exact.data(), exact.size()});
}

std::string message_for(const std::string& body) {
  const auto fields = read(body);
  if (fields) return "no error";
  EXPECT_EQ(fields.error().kind, ErrorKind::kInvalidRequest);
  return fields.error().message;
}

std::string not_json(const std::string& what) {
  return "We could not parse the JSON body of your request: " + what + ".";
}

constexpr std::string_view kNoModel =
    "You must provide a model parameter: a string that is not empty.";

TEST(RequestReader, FindsTheModelAndWhereItStands) {
  const std::string body =
      " {\"messages\":[{\"model\":\"no\"}],\r\n\"model\" :\t\"a/b:c\" , \"n\":1}\n";
  const auto fields = read(body);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->model, "a/b:c");
  EXPECT_EQ(body.substr(fields->model_begin, fields->model_end - fields->model_begin), "\"a/b:c\"");
  EXPECT_FALSE(fields->stream);
}

TEST(RequestReader, GivesTheSpanAsItIsSpelled) {
  for (std::string spelled : {R"("m\u0031")", R"("\"\\\/")", R"("\ud83d\ude00é")", R"("m")"}) {
    for (std::string after : {"}", " }", "\n,\"a\":\"b\"}"}) {
      const std::string body = "{\"model\":" + spelled + after;
      const auto fields = read(body);
      ASSERT_TRUE(fields) << body;
      EXPECT_EQ(fields->model_begin, 9U);
      EXPECT_EQ(fields->model_end, 9U + spelled.size()) << body;
    }
  }
  EXPECT_EQ(read(R"({"model":"m\u0031"})")->model, "m1");
  EXPECT_EQ(read(R"({"model":"\ud83d\ude00"})")->model, "\U0001F600");
}

TEST(RequestReader, ComparesKeysAfterUnescaping) {
  EXPECT_EQ(read(R"({"mod\u0065l":"m","\u0073tream":true})")->model, "m");
  EXPECT_TRUE(read(R"({"mod\u0065l":"m","\u0073tream":true})")->stream);
  EXPECT_EQ(message_for(R"({"model":"a","mod\u0065l":"b"})"),
            "The body has the key 'model' more than once.");
  EXPECT_EQ(message_for(R"({"Model":"a"})"), kNoModel);
}

TEST(RequestReader, TakesOnlyTheLiteralTrueForStream) {
  EXPECT_TRUE(read(R"({"model":"m","stream":true})")->stream);
  EXPECT_TRUE(read("{\"stream\"\n:\ttrue\r\n,\"model\":\"m\"}")->stream);
  for (std::string_view other : {"false", "null", "1", "\"true\"", "{}", "[true]", "truex"}) {
    const auto fields = read("{\"model\":\"m\",\"stream\":" + std::string(other) + "}");
    ASSERT_TRUE(fields) << other;
    EXPECT_FALSE(fields->stream) << other;
  }
}

TEST(RequestReader, RefusesDuplicateKeysAtTheTopAndOnlyThere) {
  EXPECT_EQ(message_for(R"({"model":"a","x":1,"x":1})"),
            "The body has the key 'x' more than once.");
  EXPECT_TRUE(read(R"({"model":"a","x":{"y":1,"y":2,"model":"b"},"y":3})"));
}

std::string body_of_keys(std::size_t count) {
  std::string body = R"({"model":"m")";
  for (std::size_t i = 0; i < count; ++i) body += ",\"k" + std::to_string(i) + "\":1";
  return body;
}

TEST(RequestReader, FindsADuplicateAmongAnyNumberOfKeys) {
  for (std::size_t count : {1U, 22U, 23U, 24U, 25U, 500U, 1'000'000U}) {
    EXPECT_TRUE(read(body_of_keys(count) + "}")) << count;
    EXPECT_FALSE(read(body_of_keys(count) + R"(,"k0":2})")) << count;
    EXPECT_FALSE(read(body_of_keys(count) + R"(,"model":"n"})")) << count;
  }
}

TEST(RequestReader, RefusesABodyWithoutAUsableModel) {
  for (const char* body :
       {"{}", R"({"a":1})", R"({"model":null})", R"({"model":5})", R"({"model":["m"]})",
        R"({"model":{"model":"m"}})", R"({"model":""})", R"({"a":{"model":"m"}})"}) {
    EXPECT_EQ(message_for(body), kNoModel) << body;
  }
}

TEST(RequestReader, RefusesControlCharactersInTheModel) {
  for (const char* body : {R"({"model":"a\u0000b"})", R"({"model":"a\nb"})",
                           R"({"model":"a\u001Fb"})", "{\"model\":\"a\x7F\"}"}) {
    EXPECT_EQ(message_for(body), "The model's name has a control character.") << body;
  }
}

TEST(RequestReader, SaysWhereTheJsonIsBroken) {
  EXPECT_EQ(message_for(""), not_json("it is empty"));
  EXPECT_EQ(message_for(" \n"), not_json("it is empty"));
  EXPECT_EQ(message_for("\xEF\xBB\xBF{\"model\":\"m\"}"),
            not_json("it begins with a byte order mark"));
  EXPECT_EQ(message_for("[1]"), not_json("it is not an object"));
  EXPECT_EQ(message_for("\"model\""), not_json("it is not an object"));
  EXPECT_EQ(message_for("model=m"), not_json("it is not an object"));
  EXPECT_EQ(message_for("{\"model\":\"m\",\"a\":\"\xC3(\"}"),
            not_json("it is not valid UTF-8 at byte 18"));
  EXPECT_EQ(message_for("{\"model\":\"m\",\"a\":\"b\nc\"}"),
            not_json("a string has an unescaped control character at byte 19"));
  EXPECT_EQ(message_for(R"({"model":"m","a":"b\"})"),
            not_json("a string does not end that begins at byte 17"));
  EXPECT_EQ(message_for(R"({"model":"m","a":})"), not_json("a value is missing at byte 17"));
  EXPECT_EQ(message_for(R"({"model":"m" "a":1})"),
            not_json("the object goes on in a wrong way at byte 13"));
  EXPECT_EQ(message_for(R"({"model":"m","a":[1,{})"),
            not_json("an object or array does not end that begins at byte 17"));
  EXPECT_EQ(message_for("{\"model\":\"m\",\"a\":[é]}"),
            not_json("a character stands outside of strings at byte 18"));
  EXPECT_EQ(message_for(R"({"model":"m")"), not_json("the object does not end"));
  EXPECT_EQ(message_for(R"({"model":"m"} 1)"), not_json("something follows the object at byte 14"));
}

TEST(RequestReader, RefusesWhatIsNotOneWellFormedObject) {
  for (const char* body : {
           R"({"model":"m"} {})",
           R"({"model":"m"}{"model":"n"})",
           R"({"model":"m"}x})",
           R"({"model":"m"}})",
           R"({"model":"m")",
           R"({"model":"m",})",
           R"({"model":"m","a":NaN})",
           R"({,"model":"m"})",
           R"({"model" "m"})",
           R"({"model":"m","a"})",
           R"({"model":"m","a"::1})",
           R"({"model":"m","a":,"b":1})",
           R"({"model":"m","a":]})",
           R"({"model":"m","a":{})",
           R"({"model":"m","a":"b":]})",
           R"({"model":"m":1})",
           R"({"model":"m","a":[})",
           R"({"model":"m" 1})",
           R"({"model":"m",1:2})",
           R"({model:"m"})",
           R"({'model':'m'})",
           R"({"model":"m","\ud800":1})",
           R"({"model":"\ud800"})",
           R"({"model":"m\x"})",
           R"({"model":"m","\u00":1})",
           "{",
           "}",
           "{\"model\"",
           "{\"model\":",
       }) {
    EXPECT_NE(message_for(body), "no error") << body;
  }
  EXPECT_FALSE(read("{\"model\":\"m\"}\0"s));
}

TEST(RequestReader, LeavesTheRestToTheUpstream) {
  for (const char* body : {R"({"model":"m","a":1e999,"b":-0.0,"c":12345678901234567890123})",
                           R"({"model":"m","a":nul,"b":01})", R"({"model":"m","a":"\ud800"})"}) {
    EXPECT_TRUE(read(body)) << body;
  }
}

TEST(RequestReader, WithstandsDeepNesting) {
  const std::string open(100'000, '[');
  const std::string close(100'000, ']');
  EXPECT_TRUE(read(R"({"a":)" + open + close + R"(,"model":"m"})"));
  EXPECT_FALSE(read(R"({"model":"m","a":)" + open + "}"));
  EXPECT_FALSE(read(open));
  std::string objects = R"({"model":"m")";
  for (int i = 0; i < 100'000; ++i) objects += R"(,"a":{"b":1)";
  EXPECT_FALSE(read(objects));
}

TEST(RequestReader, CutsALongKeyInItsMessageBetweenCharacters) {
  std::string key;
  for (int i = 0; i < 50; ++i) key += "é";
  key = "k" + key;
  const std::string body = R"({"model":"m",")" + key + R"(":1,")" + key + R"(":2})";
  const std::string message = message_for(body);
  EXPECT_TRUE(is_valid_utf8(message));
  EXPECT_LT(message.size(), 120U);
}

TEST(RequestReader, ReadsSmallBodiesAfterLargeOnes) {
  RequestReader reader;
  for (std::size_t size : {10U, 9'000'000U, 10U, 100'000U, 5'000'000U, 10U}) {
    const std::string body = R"({"a":")" + std::string(size, 'x') + R"(","model":"m"})";
    const auto fields = reader.read(body);
    ASSERT_TRUE(fields);
    EXPECT_EQ(fields->model, "m");
  }
}

}  // namespace
}  // namespace penstock::wire
