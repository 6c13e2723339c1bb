#include "wire/bodies/request_fields.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"
#include "wire/bodies/request_reading.h"

namespace penstock::wire {
namespace {

using namespace std::string_literals;

TEST(RequestReader, FindsTheModelAndWhereItStands) {
  const std::string body =
      " {\"messages\":[{\"model\":\"no\"}],\r\n\"model\" :\t\"a/b:c\" , \"n\":1}\n";
  const auto fields = read(body);
  ASSERT_TRUE(fields);
  EXPECT_EQ(fields->model, "a/b:c");
  EXPECT_EQ(spelled_at(body, fields->first_place), "\"a/b:c\"");
  EXPECT_FALSE(fields->stream);
}

TEST(RequestReader, GivesTheSpanAsItIsSpelled) {
  for (std::string spelled : {R"("m\u0031")", R"("\"\\\/")", R"("\ud83d\ude00é")", R"("m")"}) {
    for (std::string after : {"}", " }", "\n,\"a\":\"b\"}"}) {
      const std::string body = "{\"model\":" + spelled + after;
      const auto fields = read(body);
      ASSERT_TRUE(fields) << body;
      EXPECT_EQ(fields->first_place.begin, 9U);
      EXPECT_EQ(fields->first_place.end, 9U + spelled.size()) << body;
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
}

TEST(RequestReader, TakesOnlyTheLiteralTrueForStream) {
  EXPECT_TRUE(read(R"({"model":"m","stream":true})")->stream);
  EXPECT_TRUE(read("{\"stream\"\n:\ttrue\r\n,\"model\":\"m\"}")->stream);
  for (std::string_view other : {"false", "null", "1", "\"true\"", "{}", "[true]"}) {
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
  for (std::size_t count : {1U, 22U, 23U, 24U, 25U, 500U, 1000U}) {
    EXPECT_TRUE(read(body_of_keys(count) + "}")) << count;
    EXPECT_FALSE(read(body_of_keys(count) + R"(,"k0":2})")) << count;
    EXPECT_FALSE(read(body_of_keys(count) + R"(,"model":"n"})")) << count;
  }
}

// reported-failures 1.5, faults-measured 3
TEST(RequestReader, TakesAllItsKeysAndRefusesOneMore) {
  EXPECT_TRUE(read(body_of_keys(1023) + "}"));
  EXPECT_TRUE(read(body_of_keys(9) + "}", {.keys = 10}));
  const auto more = read(body_of_keys(1024) + "}");
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "The body has more than 1024 keys at its top level.");
  EXPECT_EQ(more.error().limit, Limit::kBodyKeys);
  EXPECT_FALSE(read(body_of_keys(4'000'000)));
  std::string escaped = R"({"model":"m")";
  for (int i = 0; i < 2000; ++i) escaped += R"(,"\u006b)" + std::to_string(i) + "\":1";
  EXPECT_EQ(message_for(escaped + "}"), more.error().message);
  // Only top-level keys count.
  EXPECT_TRUE(read(R"({"model":"m","a":)" + body_of_keys(100'000) + "}}"));
}

TEST(RequestReader, TakesANameOfAllItsBytesAndRefusesOneMore) {
  const auto body = [](std::string_view unit, std::size_t count) {
    std::string text = R"({"model":")";
    for (std::size_t i = 0; i < count; ++i) text += unit;
    return text + "\"}";
  };
  EXPECT_EQ(read(body("m", 1024))->model, std::string(1024, 'm'));
  EXPECT_EQ(read(body("\\u006d", 1024))->model, std::string(1024, 'm'));
  EXPECT_TRUE(read(body("é", 512)));
  for (const std::string& longer : {body("m", 1025), body("\\u006d", 1025), body("é", 513),
                                    body("\\u006d", 1'000'000), body("m", 8 << 20)}) {
    const auto refused = read(longer);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "The model's name has more than 1024 bytes.");
    EXPECT_EQ(refused.error().limit, Limit::kModelBytes);
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
            not_json("an unterminated string at byte 17"));
  EXPECT_EQ(message_for(R"({"model":"m","a":})"), not_json("a value is missing at byte 17"));
  EXPECT_EQ(message_for(R"({"model":"m" "a":1})"),
            not_json("a comma or the end of the object is missing at byte 13"));
  EXPECT_EQ(message_for(R"({"model":"m","a":[1,{})"), not_json("the object does not end"));
  EXPECT_EQ(message_for("{\"model\":\"m\",\"a\":[é]}"), not_json("a value is missing at byte 18"));
  EXPECT_EQ(message_for(R"({"model":"m")"), not_json("the object does not end"));
  EXPECT_EQ(message_for(R"({"model":"m"} 1)"), not_json("something follows the object at byte 14"));
  EXPECT_EQ(message_for(R"({"model":"m","a":[01]})"), not_json("a number is malformed at byte 18"));
  EXPECT_EQ(message_for(R"({"model":"m","a":{"b":tru}})"),
            not_json("a literal is not true, false or null at byte 22"));
  EXPECT_EQ(message_for(R"({"model":"m","a":["\x"]})"),
            not_json("a string has an invalid escape at byte 19"));
  EXPECT_EQ(message_for(R"({"model":"m","a":[{"b":1]}})"),
            not_json("a comma or the end of the object is missing at byte 24"));
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

const std::initializer_list<std::string> kNotJson = {"01",
                                                     "-01",
                                                     "00",
                                                     "1e",
                                                     "1e+",
                                                     "1.",
                                                     ".5",
                                                     "-",
                                                     "+1",
                                                     "1.e5",
                                                     "0x10",
                                                     "1_000",
                                                     "1a",
                                                     "1..2",
                                                     "--1",
                                                     "NaN",
                                                     "Infinity",
                                                     "-Infinity",
                                                     "tru",
                                                     "truex",
                                                     "True",
                                                     "nul",
                                                     "nulll",
                                                     "None",
                                                     "fals",
                                                     "undefined",
                                                     "'a'",
                                                     R"("\x")",
                                                     R"("\u12")",
                                                     R"("\u12g4")",
                                                     R"("\U0041")",
                                                     R"("\'")",
                                                     R"("\)",
                                                     "\"\t\"",
                                                     "\"\x01\"",
                                                     "\"a",
                                                     "[1,]",
                                                     "[,1]",
                                                     "[1 2]",
                                                     "[1}",
                                                     "{]",
                                                     "[",
                                                     "{",
                                                     R"({"a":1,})",
                                                     R"({"a"})",
                                                     R"({"a":})",
                                                     R"({"a" 1})",
                                                     R"({a:1})",
                                                     R"({1:1})",
                                                     R"({"a":1]})",
                                                     "/*c*/1",
                                                     "1//c\n",
                                                     "1#c\n",
                                                     "\xC2\xA0"
                                                     "1",
                                                     "\x0B"
                                                     "1",
                                                     "\"\xFF\"",
                                                     "\"\xC0\x80\"",
                                                     "\"\xED\xA0\x80\"",
                                                     "1\xEF\xBB\xBF",
                                                     "1\0"s,
                                                     "\0"s};

// faults-measured 16: values at any depth are strictly JSON.
TEST(RequestReader, RefusesEveryValueThatIsNotJson) {
  for (const std::string& value : kNotJson) {
    for (const auto& [before, after] :
         {std::pair{R"({"model":"m","a":)", "}"},
          std::pair{R"({"a":[{"b":[)", R"(]}],"model":"m"})"},
          std::pair{R"({"model":"m","a":{"b":[0,)", R"(]},"c":"d"})"}}) {
      EXPECT_NE(message_for(before + value + after), "no error") << before + value + after;
    }
  }
}

TEST(RequestReader, TakesEveryValueThatIsJson) {
  for (const std::string& value :
       std::initializer_list<std::string>{"0",
                                          "-0",
                                          "-0.0",
                                          "1e999",
                                          "1E+5",
                                          "1e-400",
                                          "1.10",
                                          "12345678901234567890123",
                                          "0.1e1",
                                          "true",
                                          "false",
                                          "null",
                                          R"("")",
                                          R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")",
                                          R"("\u0000")",
                                          R"("\ud800")",
                                          R"("é😀")",
                                          "\"\x7F\"",
                                          "[]",
                                          "{}",
                                          "[[],{}]",
                                          R"({"a":1,"a":2})",
                                          R"({"model":"b","Model":"c"})",
                                          " \t\r\n1 \t\r\n",
                                          "[ ]",
                                          "{ }",
                                          R"({"":{"":[]}})"}) {
    for (const auto& [before, after] : {std::pair{R"({"model":"m","a":)", "}"},
                                        std::pair{R"({"a":[{"b":[)", R"(]}],"model":"m"})"}}) {
      EXPECT_EQ(message_for(before + value + after), "no error") << before + value + after;
    }
  }
}

TEST(RequestReader, FindsABrokenEscapeAndTheEndOfAStringAtEveryPlace) {
  for (std::size_t fill = 0; fill < 200; ++fill) {
    const std::string before = R"({"model":"m","a":")" + std::string(fill, 'x');
    for (const char* sound : {R"(\n)", R"(\\)", R"(\")", R"(\u00e9)", R"(\\\\)", R"(\\\")"}) {
      EXPECT_TRUE(read(before + sound + R"("})")) << fill << sound;
      EXPECT_FALSE(read(before + sound + R"(})")) << fill << sound;
    }
    for (const char* broken : {R"(\x)", R"(\\\x)", R"(\u00e)", R"(\u)", R"(\ud83dg\x)"}) {
      EXPECT_FALSE(read(before + broken + R"("})")) << fill << broken;
    }
  }
}

// Keys that one service reads as the model or the mode, and another does not.
TEST(RequestReader, RefusesKeysThatAServiceCouldTakeForModelOrStream) {
  for (const char* key : {"Model", "MODEL", "mOdel", R"(\u004dodel)", "Stream", "STREAM", "ſtream",
                          R"(\u017ftream)", R"(model\u0000)", R"(stream\u0000x)", R"(\u0000)"}) {
    const std::string spelled(key);
    EXPECT_NE(message_for(R"({"model":"m",")" + spelled + R"(":"n"})"), "no error") << key;
    EXPECT_NE(message_for(R"({")" + spelled + R"(":true,"model":"m"})"), "no error") << key;
  }
  EXPECT_EQ(message_for(R"({"model":"m","Stream":true})"),
            "The body has the key 'Stream', which some services read as 'stream'. Spell it "
            "'stream'.");
  for (const char* key : {"models", "model ", " model", "Messages", "stream_options", "streams"}) {
    EXPECT_TRUE(read(R"({"model":"m",")" + std::string(key) + R"(":"n"})")) << key;
  }
}

TEST(RequestReader, RefusesNumbersAndKeysWithoutMeasure) {
  EXPECT_TRUE(read(R"({"model":"m","a":)" + std::string(4000, '1') + "}"));
  EXPECT_EQ(message_for(R"({"model":"m","a":)" + std::string(5000, '1') + "}"),
            not_json("a number is too long at byte 17"));
  EXPECT_TRUE(read(R"({"model":"m",")" + std::string(1024, 'k') + R"(":1})"));
  EXPECT_FALSE(read(R"({"model":"m",")" + std::string(1025, 'k') + R"(":1})"));
}

TEST(RequestReader, TakesTheWholeDepthAndRefusesOneMore) {
  const auto nested = [](std::size_t depth, std::string_view open, std::string_view close) {
    std::string body = R"({"model":"m","a":)";
    for (std::size_t i = 1; i < depth; ++i) body += open;
    body += "1";
    for (std::size_t i = 1; i < depth; ++i) body += close;
    return body + "}";
  };
  for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{R"({"b":)", "}"}}) {
    EXPECT_TRUE(read(nested(64, open, close)));
    EXPECT_TRUE(read(nested(1024, open, close), {.depth = 1024}));
    EXPECT_FALSE(read(nested(1025, open, close), {.depth = 1024}));
    for (std::size_t depth : {65U, 100'000U}) {
      const auto deep = read(nested(depth, open, close));
      ASSERT_FALSE(deep);
      EXPECT_TRUE(deep.error().message.contains("nested too deeply at byte"))
          << deep.error().message;
      EXPECT_EQ(deep.error().limit, Limit::kBodyDepth);
    }
  }
  EXPECT_FALSE(read(std::string(100'000, '[')));
}

// The work of a slice bounds its time, whatever the body contains.
TEST(RequestReader, PausesInEveryShapeOfALargeBody) {
  constexpr std::size_t kBytes = 1'000'000;
  constexpr std::size_t kWork = 10'000;
  const auto repeated = [](std::string_view unit) {
    std::string text;
    while (text.size() < kBytes) text += unit;
    return text;
  };
  for (const std::string& value :
       {"\"" + repeated("\\n") + "\"", "\"" + repeated("\\u0041") + "\"", repeated(" ") + "1",
        "[" + repeated("1,") + "1]", "[" + repeated("\"a\",") + "1]", "[" + repeated("[],") + "1]",
        "{" + repeated("\"a\":1,") + "\"a\":1}", "[" + repeated("-12345.678901234e-5,") + "1]"}) {
    const std::string body = R"({"model":"m","a":)" + value + "}";
    RequestReader reader(body, {});
    std::size_t slices = 1;
    std::optional<Result<RequestFields>> fields = reader.proceed(kWork);
    while (!fields) {
      fields = reader.proceed(kWork);
      ++slices;
    }
    EXPECT_TRUE(fields->has_value());
    EXPECT_GT(slices, kBytes / kWork / 8) << value.substr(0, 10);
  }
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

// Short numbers and strings have fast paths, which must refuse the same as the slow ones.
TEST(RequestReader, ReadsNumbersAndStringsOfEveryLengthByTheLetter) {
  const auto with = [](const std::string& values) {
    return read(R"({"model":"m","x":[)" + values + "]}").has_value();
  };
  for (std::size_t size = 1; size <= 40; ++size) {
    const std::string digits = "1" + std::string(size - 1, '0');
    const std::string letters(size, 'a');
    for (const std::string& after : {""s, ",1,2,3,4,5,6,7,8,9"s, ", 1, 2, 3, 4, 5, 6"s}) {
      EXPECT_TRUE(with(digits + after)) << size;
      EXPECT_TRUE(with("\"" + letters + "\"" + after)) << size;
      EXPECT_FALSE(with("0" + digits + after)) << size;
      EXPECT_FALSE(with(digits + "x" + after)) << size;
      EXPECT_FALSE(with(digits + "," + after)) << size;
      EXPECT_FALSE(with("\"" + letters + "\x01\"" + after)) << size;
      EXPECT_FALSE(with("\"" + letters + "\xff\"" + after)) << size;
      EXPECT_FALSE(with("\"" + letters + "\\x\"" + after)) << size;
    }
  }
}

// In slices that end inside characters.
TEST(RequestReader, NamesTheByteThatIsNotUtf8WhereverItStands) {
  const std::string front = R"({"model":"m","x":")";
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a\u65e5\u672c\U0001F600";
  EXPECT_TRUE(read(front + text + "\"}").has_value());
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string broken = text;
    broken[at] = '\xff';
    // A character that is broken inside is invalid from its first byte.
    std::size_t first = at;
    while ((static_cast<unsigned char>(text[first]) & 0xC0) == 0x80) --first;
    EXPECT_EQ(message_for(front + broken + "\"}"),
              not_json("it is not valid UTF-8 at byte " + std::to_string(front.size() + first)));
  }
}

}  // namespace
}  // namespace penstock::wire
