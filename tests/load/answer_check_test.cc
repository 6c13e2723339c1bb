#include "load/answer_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Stamps final : public EventListener {
 public:
  void on_event(std::optional<std::uint64_t> stamp_ns) override { seen.push_back(stamp_ns); }
  std::vector<std::optional<std::uint64_t>> seen;
};

class AnswerCheckTest : public testing::Test {
 protected:
  // The check's result for a body: empty if it passes, else the fault.
  std::string fault_of(std::string_view body, std::size_t piece_bytes = std::string::npos) {
    check_.begin();
    while (!body.empty()) {
      check_.take(body.substr(0, piece_bytes));
      body.remove_prefix(std::min(piece_bytes, body.size()));
    }
    const bool passed = check_.finish();
    EXPECT_EQ(passed, check_.fault().empty());
    return check_.fault();
  }

  Options options_;
  Reference reference_;
  Stamps stamps_;
  AnswerCheck check_{options_, reference_, stamps_};
};

class StreamCheckTest : public AnswerCheckTest {
 protected:
  StreamCheckTest() { options_.stream = true; }
};

constexpr std::string_view kStream =
    "data: {\"a\":1,\"stamp_ns\":100}\n\n"
    "data: {\"a\":2,\"stamp_ns\":200}\n\n"
    "data: [DONE]\n\n";

TEST_F(AnswerCheckTest, PassesAnswersThatEqualTheFirst) {
  EXPECT_EQ(fault_of(R"({"a": [1, 2]})"), "");
  EXPECT_EQ(fault_of(R"({"a": [1, 2]})", 3), "");
}

TEST_F(AnswerCheckTest, FindsAChangedByteAndAnotherLength) {
  EXPECT_EQ(fault_of(R"({"a": [1, 2]})"), "");
  EXPECT_THAT(fault_of(R"({"a": [1, 3]})"), HasSubstr("differs"));
  EXPECT_THAT(fault_of(R"({"a": [1]})"), HasSubstr("differs"));
  EXPECT_THAT(fault_of(R"({"a": [1, 2]}})"), HasSubstr("differs"));
  EXPECT_THAT(fault_of(R"({"a": [1, 2)", 4), HasSubstr("not a JSON object"));
  EXPECT_EQ(fault_of(R"({"a": [1, 2]})"), "");
}

TEST_F(AnswerCheckTest, TakesWhiteSpaceAfterTheObject) {
  EXPECT_EQ(fault_of("{\"a\": [1, 2]}\r\n"), "");
  EXPECT_EQ(fault_of("{\"a\": [1, 2]}\r\n", 1), "");
  options_.check = Check::kShape;
  EXPECT_THAT(fault_of("{\"a\": [1, 2\r\n"), HasSubstr("not a JSON object"));
}

TEST_F(AnswerCheckTest, DoesNotTakeABrokenAnswerAsTheFirst) {
  EXPECT_THAT(fault_of(R"({"a": })"), HasSubstr("not JSON"));
  EXPECT_THAT(fault_of(""), HasSubstr("not a JSON object"));
  EXPECT_EQ(fault_of(R"({"a": 1})"), "");
}

TEST_F(AnswerCheckTest, ComparesNothingWhereOnlyTheShapeIsAskedFor) {
  options_.check = Check::kShape;
  EXPECT_EQ(fault_of(R"({"a": 1})"), "");
  EXPECT_EQ(fault_of(R"({"b": 22})", 2), "");
  EXPECT_THAT(fault_of(R"({"b": 22)"), HasSubstr("not a JSON object"));
}

TEST_F(StreamCheckTest, ReadsStampsWhereverTheStreamIsCut) {
  for (std::size_t piece = 1; piece <= kStream.size(); ++piece) {
    stamps_.seen.clear();
    EXPECT_EQ(fault_of(kStream, piece), "");
    EXPECT_THAT(stamps_.seen, ElementsAre(100U, 200U, std::nullopt));
  }
}

TEST_F(StreamCheckTest, LeavesStampsOutOfTheComparison) {
  EXPECT_EQ(fault_of(kStream), "");
  EXPECT_EQ(fault_of("data: {\"a\":1,\"stamp_ns\":7}\n\n"
                     "data: {\"a\":2,\"stamp_ns\":7}\n\n"
                     "data: [DONE]\n\n"),
            "");
}

TEST_F(StreamCheckTest, FindsLostDoubledChangedAndExchangedEvents) {
  constexpr std::string_view kOne = "data: {\"a\":1}\n\n";
  constexpr std::string_view kTwo = "data: {\"a\":2}\n\n";
  constexpr std::string_view kDone = "data: [DONE]\n\n";
  const auto join = [](std::initializer_list<std::string_view> events) {
    std::string stream;
    for (const std::string_view event : events) stream.append(event);
    return stream;
  };
  EXPECT_EQ(fault_of(join({kOne, kTwo, kDone})), "");
  EXPECT_THAT(fault_of(join({kOne, kDone})), HasSubstr("event 1 differs"));
  EXPECT_THAT(fault_of(join({kOne, kTwo, kTwo, kDone})), HasSubstr("event 2 differs"));
  EXPECT_THAT(fault_of(join({kOne, "data: {\"a\":3}\n\n", kDone})), HasSubstr("event 1 differs"));
  EXPECT_THAT(fault_of(join({kTwo, kOne, kDone})), HasSubstr("event 0 differs"));
  EXPECT_THAT(fault_of(join({kOne, kTwo})), HasSubstr("no [DONE]"));
  EXPECT_THAT(fault_of(join({kOne, kTwo, kDone, kOne})), HasSubstr("after [DONE]"));
  EXPECT_THAT(fault_of(join({kOne, "event: x\n", kTwo, kDone})), HasSubstr("neither data"));
  EXPECT_THAT(fault_of(join({kOne, kTwo, kDone, "data: {"})), HasSubstr("inside a line"));
  EXPECT_EQ(fault_of(join({kOne, ": a comment\n\n", kTwo, kDone})), "");
}

TEST_F(StreamCheckTest, FindsAnEventThatIsOlderThanTheOneBeforeIt) {
  EXPECT_THAT(fault_of("data: {\"stamp_ns\":200}\n\ndata: {\"stamp_ns\":100}\n\ndata: [DONE]\n\n"),
              HasSubstr("older"));
}

TEST_F(StreamCheckTest, CountsTheEventsThatWereAskedFor) {
  options_.events = 3;
  EXPECT_EQ(fault_of(kStream), "");
  options_.events = 4;
  EXPECT_THAT(fault_of(kStream), HasSubstr("3 events"));
}

}  // namespace
}  // namespace penstock::load
