#include "wire/bodies/json_rewriter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/count_allocations.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kName = "prov/new \"name\"";
constexpr std::string_view kNameInJson = R"("prov/new \"name\"")";

struct RewrittenText {
  std::string out;
  std::string usage;
  bool complete = false;
  bool truncated = false;

  friend bool operator==(const RewrittenText&, const RewrittenText&) = default;
};

std::ostream& operator<<(std::ostream& stream, const RewrittenText& outcome) {
  return stream << outcome.out << " usage " << outcome.usage << " complete " << outcome.complete
                << " truncated " << outcome.truncated;
}

RewrittenText rewritten_text(const std::vector<std::string_view>& pieces, std::string_view model) {
  JsonRewriter rewriter(model);
  RewrittenText outcome;
  for (std::string_view piece : pieces) rewriter.feed(piece, outcome.out);
  outcome.complete = rewriter.complete();
  outcome.truncated = rewriter.truncated();
  rewriter.finish(outcome.out);
  outcome.usage = rewriter.usage().top;
  return outcome;
}

// Whole, cut once at every position, and byte by byte: all must agree.
RewrittenText rewrite(std::string_view text, std::string_view model = kName) {
  const RewrittenText whole = rewritten_text({text}, model);
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(whole, rewritten_text({text.substr(0, i), text.substr(i)}, model)) << "cut at " << i;
    bytes.push_back(text.substr(i, 1));
  }
  EXPECT_EQ(whole, rewritten_text(bytes, model));
  return whole;
}

std::string with_model(std::string_view before, std::string_view after) {
  return std::string(before).append(kNameInJson).append(after);
}

// One rewriter's output for the texts, one after the other, each cut at `cut`.
std::vector<std::string> rewrite_all(const std::vector<std::string_view>& texts, std::size_t cut) {
  JsonRewriter rewriter(kName);
  std::vector<std::string> outs;
  for (std::string_view text : texts) {
    std::string& out = outs.emplace_back("before ");
    rewriter.feed(text.substr(0, cut), out);
    if (cut < text.size()) rewriter.feed(text.substr(cut), out);
    rewriter.finish(out);
  }
  return outs;
}

TEST(JsonRewriter, RewritesTextsThatBeginAlikeAsEachAlone) {
  const std::vector<std::string_view> texts = {
      R"({"id":"1","model":"m1","choices":[{"finish_reason":null}]})",
      R"({"id":"1","model":"m1","choices":[{"finish_reason":null}]})",
      R"({"id":"1","model":"m1","model":"m2","x":{"model":"m3"}})",
      R"({"id":"1","model":"m1","model":"m2","x":[]})",
      R"({"id":"1","model":"m1","model":"m2")",
      R"({"id":"1","model":"m1"})",
      R"({"id":"1","model":"m1\"","y":1})",
      R"({"id":"1","model":"m1","model":7})",
      R"({"id":"2","\u006dodel":"m1","y":1})",
      R"({"id":"2","\u006dodel":"m1","model":"m1"})",
      R"({"id":"2","\u006dodel":"m1","y":"model"})",
      R"( {"model":"m1"})",
      R"( {"model":"m1"} )",
      R"( {"model":"m1" rubbish "model":"m1"})",
      R"({"x":{"y":"model"},"model":"m1","z":"\\"})",
      R"({"x":{"y":"model"},"model":"m1","z":"\\","model":"m1"})",
      R"([{"model":"m1"}])",
      R"([{"model":"m1"}])",
  };
  for (std::size_t cut = 0; cut < 60; ++cut) {
    const std::vector<std::string> outs = rewrite_all(texts, cut);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(outs[i], "before " + rewritten_text({texts[i]}, kName).out) << texts[i] << cut;
    }
  }
}

TEST(JsonRewriter, SeesTheUsageOfEachTextThatBeginsAlike) {
  JsonRewriter rewriter(kName);
  std::string out;
  const auto feed = [&](std::string_view text) {
    rewriter.feed(text, out);
    rewriter.finish(out);
    return std::string(rewriter.usage().top);
  };
  const std::string_view first = R"({"usage":{"n":1},"model":"m1","a":0})";
  EXPECT_EQ(feed(first), R"({"n":1})");
  EXPECT_EQ(feed(first), R"({"n":1})");
  EXPECT_EQ(feed(R"({"model":"m1","usage":{"n":2}})"), R"({"n":2})");
  EXPECT_EQ(feed(first), R"({"n":1})");
  EXPECT_EQ(feed(R"({"model":"m1","usage":{"n":3}})"), R"({"n":3})");
  EXPECT_EQ(feed(R"({"model":"m1","usage":null})"), R"({"n":3})");
}

TEST(JsonRewriter, ReplacesTheTopLevelModelAndNothingElse) {
  const RewrittenText outcome =
      rewrite("{\"id\": 1.50,\t\"model\" : \"m1\" ,\r\n\"x\":null,\"n\":[1e3,{}]}\n");
  EXPECT_EQ(outcome.out,
            with_model("{\"id\": 1.50,\t\"model\" : ", " ,\r\n\"x\":null,\"n\":[1e3,{}]}\n"));
  EXPECT_TRUE(outcome.complete);
}

TEST(JsonRewriter, LeavesNestedModelsAlone) {
  constexpr std::string_view kText =
      R"({"a":{"model":"x"},"b":[{"model":"y"},["model","z"]],"c":"model","d":"\"model\":\"q\""})";
  EXPECT_EQ(rewrite(kText).out, kText);
}

TEST(JsonRewriter, FindsTheModelAfterNestedValuesAndStringsFullOfPunctuation) {
  constexpr std::string_view kBefore =
      R"({"a":{"b":[{"c":"}]\"{"},[]]},"d":"\\","e":"{[\\\"","model":)";
  EXPECT_EQ(rewrite(std::string(kBefore) + R"("m\"\\"})").out, with_model(kBefore, "}"));
}

TEST(JsonRewriter, ComparesKeysAfterUnescaping) {
  EXPECT_EQ(rewrite(R"({"mod\u0065l":"m"})").out, with_model(R"({"mod\u0065l":)", "}"));
  EXPECT_EQ(rewrite(R"({"\u006D\u006F\u0064\u0065\u006C":"m"})").out,
            with_model(R"({"\u006D\u006F\u0064\u0065\u006C":)", "}"));
  for (std::string_view other :
       {R"({"mod\u0065":"m"})", R"({"model\u0000":"m"})", R"({"\u006dode\l":"m"})",
        R"({"Model":"m"})", R"({"model ":"m"})", R"({"mod\u00e5l":"m"})", R"({"mod\u65l":"m"})",
        R"({"models":"m"})", R"({"":"m"})"}) {
    EXPECT_EQ(rewrite(other).out, other);
  }
}

TEST(JsonRewriter, PassesAModelThatIsNotAString) {
  for (std::string_view text :
       {R"({"model":null})", R"({"model":12})", R"({"model":{"model":"x"}})",
        R"({"model":["m"],"a":"b"})", R"({"model":true,"a":"model"})"}) {
    EXPECT_EQ(rewrite(text).out, text);
  }
}

TEST(JsonRewriter, ReplacesEveryOccurrence) {
  EXPECT_EQ(rewrite(R"({"model":"a","model":"b"})").out,
            with_model(with_model(R"({"model":)", R"(,"model":)"), "}"));
}

TEST(JsonRewriter, PassesWhatIsNotAnObject) {
  for (std::string_view text :
       {R"(["model","m"])", R"("model")", "[DONE]", "", "  ", "\xEF\xBB\xBF{\"model\":\"m\"}",
        R"(model:"m")", "Internal Server Error"}) {
    const RewrittenText outcome = rewrite(text);
    EXPECT_EQ(outcome.out, text);
    EXPECT_FALSE(outcome.complete);
  }
}

TEST(JsonRewriter, PassesTheRestOfATextThatStopsBeingAnObject) {
  for (std::string_view text :
       {R"({} {"model":"m"})", R"({"a" "b","model":"m"})", R"({,"model":"m"})",
        R"({"a":1:2,"model":"m"})", R"({"a":"b""c","model":"m"})", R"({model:"m"})",
        R"({"a":1],"model":"m"})"}) {
    const RewrittenText outcome = rewrite(text);
    EXPECT_EQ(outcome.out, text);
    EXPECT_FALSE(outcome.complete);
  }
}

TEST(JsonRewriter, ReplacesNothingWithoutAName) {
  constexpr std::string_view kText = R"({"model":"m","usage":{"a":1},"error":"e"})";
  const RewrittenText outcome = rewrite(kText, "");
  EXPECT_EQ(outcome.out, kText);
  EXPECT_EQ(outcome.usage, R"({"a":1})");
}

TEST(JsonRewriter, PassesAModelThatNeverEnds) {
  for (std::string_view text :
       {R"({"model":"half a na)", R"({"model":"m\)", R"({"model":)", R"({"mod)"}) {
    const RewrittenText outcome = rewrite(text);
    EXPECT_EQ(outcome.out, text);
    EXPECT_FALSE(outcome.complete);
  }
}

TEST(JsonRewriter, ReplacesAModelOfTheLargestSizeAndPassesALargerOne) {
  const auto body = [](std::size_t value_bytes) {
    return R"({"model":")" + std::string(value_bytes - 2, 'm') + R"(","a":1})";
  };
  const std::string largest = body(JsonRewriter::kModelBytesMax);
  const std::string larger = body(JsonRewriter::kModelBytesMax + 1);
  EXPECT_EQ(rewrite(largest).out, with_model(R"({"model":)", R"(,"a":1})"));
  EXPECT_EQ(rewrite(larger).out, larger);
  // In pieces it is held only as long as it may be replaced.
  JsonRewriter rewriter(kName);
  std::string out;
  const std::string endless = body(16 * JsonRewriter::kModelBytesMax);
  for (std::size_t at = 0; at < endless.size(); at += 1000) {
    rewriter.feed(std::string_view(endless).substr(at, 1000), out);
    const std::size_t fed = std::min(at + 1000, endless.size());
    EXPECT_LE(fed - out.size(), JsonRewriter::kModelBytesMax);
  }
  EXPECT_EQ(out, endless);
}

TEST(JsonRewriter, HoldsNothingButTheModel) {
  JsonRewriter rewriter(kName);
  std::string out;
  const auto feed = [&](std::string_view piece) {
    rewriter.feed(piece, out);
    return out;
  };
  EXPECT_EQ(feed("{\"a\":\"b"), "{\"a\":\"b");
  EXPECT_EQ(feed("\\"), "{\"a\":\"b\\");
  EXPECT_EQ(feed("\"c\",\"mod"), "{\"a\":\"b\\\"c\",\"mod");
  EXPECT_EQ(feed("el\": \"m"), "{\"a\":\"b\\\"c\",\"model\": ");
  EXPECT_EQ(feed("1"), "{\"a\":\"b\\\"c\",\"model\": ");
  EXPECT_EQ(feed("\""), with_model("{\"a\":\"b\\\"c\",\"model\": ", ""));
}

TEST(JsonRewriter, RemembersTheLastUsageThatIsAnObject) {
  EXPECT_EQ(rewrite(R"({"usage":{"a":{"b":"}"}},"usage":null,"x":{"usage":{"c":1}}})").usage,
            R"({"a":{"b":"}"}})");
  EXPECT_EQ(rewrite(R"({"usage":{"a":1},"usage":{"b":[2]}})").usage, R"({"b":[2]})");
  EXPECT_EQ(rewrite(R"({"usage":[1]})").usage, "");
  EXPECT_EQ(rewrite(R"({"usage":{"a":1)").usage, "");
}

TEST(JsonRewriter, RemembersAUsageOfTheLargestSizeAndNoLargerOne) {
  const auto usage = [](std::size_t bytes) {
    return R"({"a":")" + std::string(bytes - 8, 'x') + R"("})";
  };
  const std::string largest = usage(JsonRewriter::kUsageBytesMax);
  ASSERT_EQ(largest.size(), JsonRewriter::kUsageBytesMax);
  EXPECT_EQ(rewrite(R"({"usage":)" + largest + "}").usage, largest);
  EXPECT_EQ(rewrite(R"({"usage":)" + usage(JsonRewriter::kUsageBytesMax + 1) + "}").usage, "");
}

TEST(JsonRewriter, TellsAnObjectThatBreaksOff) {
  for (std::string_view text : {"{", R"({"a")", R"({"a":[{}])", R"({"a":1)", R"({"a":"b)"}) {
    EXPECT_TRUE(rewrite(text).truncated) << text;
  }
  for (std::string_view text : {"", " ", "{}", "[1", "x", "{} {", R"({"a" "b")"}) {
    EXPECT_FALSE(rewrite(text).truncated) << text;
  }
}

TEST(JsonRewriter, NamesTheModelInAThirdTextThatBeginsAsTwoWithTwoModels) {
  const std::string_view text = R"({"model":"a","model":"b","x":1})";
  const std::string alone = rewritten_text({text}, kName).out;
  const std::vector<std::string> outs = rewrite_all({text, text, text, text}, text.size());
  for (const std::string& out : outs) EXPECT_EQ(out, "before " + alone);
}

TEST(JsonRewriter, RewritesTextsAlikeWhateverTheSizeOfTheirOpening) {
  for (std::size_t size :
       {JsonRewriter::kOpeningBytesMax - 8, JsonRewriter::kOpeningBytesMax + 8}) {
    const std::string text = R"({"a":")" + std::string(size - 20, 'x') + R"(","model":"m"})";
    const std::vector<std::string> outs = rewrite_all({text, text, text}, text.size());
    EXPECT_EQ(outs[2], "before " + rewritten_text({text}, kName).out);
  }
}

TEST(JsonRewriter, RemembersNoOpeningThatIsLargerThanItsBound) {
  if (!test::kCountsAllocations) GTEST_SKIP() << "sanitizers have operators of their own";
  for (const auto& [bytes, remembered] : {std::pair(JsonRewriter::kOpeningBytesMax, true),
                                          std::pair(JsonRewriter::kOpeningBytesMax + 1, false),
                                          std::pair(std::size_t{8} << 20, false)}) {
    const std::string_view rest = R"(","model":"m")";
    const std::string text =
        R"({"a":")" + std::string(bytes - 6 - rest.size(), 'x') + std::string(rest) + "}";
    JsonRewriter rewriter("n");
    std::string out;
    out.reserve(4 * text.size());
    rewriter.feed(text, out);
    rewriter.finish(out);
    const std::size_t allocations = test::allocations_of([&] { rewriter.feed(text, out); });
    EXPECT_EQ(allocations > 0, remembered) << bytes;
  }
}

TEST(JsonRewriter, IsReadyForTheNextTextAfterFinish) {
  JsonRewriter rewriter("n");
  std::string out;
  rewriter.feed(R"({"usage":{"a":1},"model":"cut o)", out);
  rewriter.finish(out);
  rewriter.feed(R"({"model":"m"})", out);
  EXPECT_TRUE(rewriter.complete());
  EXPECT_EQ(out, R"({"usage":{"a":1},"model":"cut o{"model":"n"})");
  EXPECT_EQ(rewriter.usage().top, R"({"a":1})");
}

TEST(JsonRewriter, EndsAStringAtALineBreakWithoutReplacingIt) {
  JsonRewriter rewriter("n");
  std::string out;
  rewriter.feed(R"({"model":)", out);
  rewriter.line_break(out);
  rewriter.feed(R"("m","model":"two)", out);
  rewriter.line_break(out);
  EXPECT_EQ(out, R"({"model":"n","model":"two)");
  rewriter.feed(R"(lines"})", out);
  EXPECT_EQ(out, R"({"model":"n","model":"twolines"})");
}

// `known` is called `its "name"`; no other model has another name.
class OneName final : public ModelNames {
 public:
  std::optional<std::string> client_name(std::string_view upstream_model) const override {
    if (upstream_model != "known") return std::nullopt;
    return "its \"name\"";
  }
};

TEST(JsonRewriter, LooksUpTheNameOfEachModelWhereNoneIsAsked) {
  constexpr std::string_view kText =
      R"({"model":"known","a":{"model":"known"},"model":"kn\u006fwn","model":"an\u006fther"})";
  for (std::size_t cut = 0; cut <= kText.size(); ++cut) {
    const OneName names;
    JsonRewriter rewriter({}, {}, &names);
    std::string out;
    rewriter.feed(kText.substr(0, cut), out);
    rewriter.feed(kText.substr(cut), out);
    rewriter.finish(out);
    EXPECT_EQ(out, R"({"model":"its \"name\"","a":{"model":"known"},"model":"its \"name\"",)"
                   R"("model":"an\u006fther"})")
        << cut;
  }
}

TEST(JsonRewriter, LooksUpTheNamesOfTextsThatBeginAlike) {
  const OneName names;
  StreamEnd end(kCompletionEvents);
  JsonRewriter rewriter({}, end, &names);
  std::string out;
  for (const std::string_view model : {"known", "known", "other", "known"}) {
    rewriter.feed(R"({"model":")" + std::string(model) + R"(","n":1})", out);
    rewriter.finish(out);
  }
  EXPECT_EQ(out, R"({"model":"its \"name\"","n":1})"
                 R"({"model":"its \"name\"","n":1})"
                 R"({"model":"other","n":1})"
                 R"({"model":"its \"name\"","n":1})");
}

// Has a name for everything, and counts how often it is asked.
class CountedNames final : public ModelNames {
 public:
  std::optional<std::string> client_name(std::string_view upstream_model) const override {
    ++asked;
    return "p/" + std::string(upstream_model);
  }
  mutable std::size_t asked = 0;
};

TEST(JsonRewriter, LooksUpANameOnceForTheSameValueInARow) {
  const CountedNames names;
  StreamEnd end(kCompletionEvents);
  JsonRewriter rewriter({}, end, &names);
  std::string out;
  for (int i = 0; i < 1000; ++i) {
    rewriter.feed(R"({"model":"m"})", out);
    rewriter.finish(out);
  }
  EXPECT_EQ(names.asked, 1U);
  EXPECT_EQ(out.substr(out.size() - 15), R"({"model":"p/m"})");
}

TEST(JsonRewriter, LooksUpABoundedNumberOfNames) {
  const CountedNames names;
  JsonRewriter rewriter({}, {}, &names);
  std::string text = "{";
  std::string expected = "{";
  for (std::size_t i = 0; i < 3 * JsonRewriter::kNamesMax; ++i) {
    const std::string before = (i == 0 ? "" : ",") + std::string(R"("model":")");
    text += before + std::to_string(i) + '"';
    expected += before + (i < JsonRewriter::kNamesMax ? "p/" : "") + std::to_string(i) + '"';
  }
  std::string out;
  rewriter.feed(text + "}", out);
  EXPECT_EQ(out, expected + "}");
  EXPECT_EQ(names.asked, JsonRewriter::kNamesMax);
}

TEST(JsonRewriter, CompletesWithSpaceAfterItOnly) {
  EXPECT_TRUE(rewrite(" {} \r\n\t").complete);
  EXPECT_FALSE(rewrite("{}x").complete);
  EXPECT_FALSE(rewrite(R"({"a":{})").complete);
  EXPECT_FALSE(rewrite("{}{}").complete);
}

TEST(JsonRewriter, TakesAMillionNestedArraysInItsStride) {
  std::string text = R"({"a":)" + std::string(1'000'000, '[');
  text += std::string(1'000'000, ']') + R"(,"model":"m"})";
  JsonRewriter rewriter("n");
  std::string out;
  rewriter.feed(text, out);
  EXPECT_TRUE(out.ends_with(R"(],"model":"n"})"));
}

}  // namespace
}  // namespace penstock::wire
