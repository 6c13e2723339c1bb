#include "sim/event_script.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

std::string next(EventScript& script) {
  std::string data;
  script.append_next(data);
  return data;
}

TEST(EventScript, WritesEventsAndOneForEachTokenInBetween) {
  EventScript script;
  script.add("start", "{}");
  script.add_run("delta", Wording::raw({"a", "b"}),
                 {.before = "<", .after = ">", .number = 7, .middle = ":"});
  script.add({}, "end");
  EXPECT_EQ(script.tokens(), 2U);
  EXPECT_EQ(script.next_type(), "start");
  EXPECT_EQ(next(script), "{}");
  EXPECT_EQ(script.tokens_before_next(), 0U);
  EXPECT_EQ(next(script), "<7:a>");
  EXPECT_EQ(script.tokens_before_next(), 1U);
  EXPECT_EQ(next(script), "<8:b>");
  EXPECT_EQ(script.tokens_before_next(), 2U);
  EXPECT_EQ(script.next_type(), "");
  EXPECT_EQ(next(script), "end");
  EXPECT_TRUE(script.finished());
}

TEST(EventScript, LeavesOutEventsWithTheirNumbers) {
  EventScript script;
  script.add("start", "{}");
  script.add_run("delta", Wording::raw({"a", "b"}), {.before = "", .after = "", .number = 1});
  script.skip(2);
  EXPECT_EQ(next(script), "2b");
  script.skip(9);
  EXPECT_TRUE(script.finished());
}

TEST(EventScript, HasNoEventsForAnEmptyRun) {
  EventScript script;
  script.add_run("delta", Wording(), {});
  EXPECT_TRUE(script.finished());
}

TEST(Wording, CutsAGivenTextIntoPiecesThatAreJsonEach) {
  const std::string text = "A \"quoted\" word, 水圧管路水圧管路水圧管路 and a line\nend";
  const Wording wording = Wording::of(text);
  EXPECT_GT(wording.tokens(), 5U);
  EXPECT_EQ(wording.plain(), text);
  std::string escaped;
  for (std::size_t i = 0; i < wording.tokens(); ++i) escaped += wording.token(i);
  std::string whole;
  wording.append(whole);
  EXPECT_EQ(escaped, whole);
  EXPECT_EQ(wording.slice(0, 2).plain() + wording.slice(2, 99).plain(), text);
}

}  // namespace
}  // namespace penstock::sim
