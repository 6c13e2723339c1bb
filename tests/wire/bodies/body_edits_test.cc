#include "wire/bodies/body_edits.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::wire {
namespace {

std::string edited(std::string_view body, const BodyEdits& edits) {
  std::string out;
  edits.for_each_piece(body, [&](std::string_view piece) { out.append(piece); });
  EXPECT_EQ(edits.bytes_of(body), out.size());
  return out;
}

TEST(BodyEdits, LeaveABodyAsItIsWhereThereAreNone) {
  EXPECT_EQ(edited("body", {}), "body");
  EXPECT_EQ(edited("", {}), "");
}

TEST(BodyEdits, ReplaceEachSpan) {
  BodyEdits edits;
  edits.replace(0, 1, "xyz");
  EXPECT_EQ(edited("abcdef", edits), "xyzbcdef");
  edits.replace(1, 3, "");
  edits.replace(5, 6, "F");
  EXPECT_EQ(edits.count(), 3U);
  EXPECT_EQ(edited("abcdef", edits), "xyzdeF");
}

}  // namespace
}  // namespace penstock::wire
