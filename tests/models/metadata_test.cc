#include "models/metadata.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::models {
namespace {

// reported-failures 5.16, 7.9
TEST(Metadata, KeepsItsBytesAndShowsItsMembersWithoutTheType) {
  const struct {
    std::string text, before, after;
  } rows[] = {
      {"{}", "", ""},
      {"{ }", " ", ""},
      {R"({"a":1.10})", R"("a":1.10)", ""},
      {R"({"model_type":"x"})", "", ""},
      {R"({ "model_type" : "x" })", "", " "},
      {R"({"model_type":"x","a":1})", "", R"("a":1)"},
      {R"({"model_type":"x" , "a":1})", "", R"("a":1)"},
      {R"({"a":1,"model_type":"x"})", R"("a":1)", ""},
      {R"({"a":1,"model_type":"x","b":2})", R"("a":1)", R"(,"b":2)"},
      {R"({ "a":1 , "model_type":"x" , "b":2 })", R"( "a":1)", R"( , "b":2 )"},
      {R"({"model_typ\u0065":"x","b":{"model_type":1}})", "", R"("b":{"model_type":1})"},
  };
  for (const auto& row : rows) {
    const Metadata metadata(row.text);
    EXPECT_EQ(metadata.text(), row.text);
    EXPECT_EQ(metadata.members_before(), row.before) << row.text;
    EXPECT_EQ(metadata.members_after(), row.after) << row.text;
  }
}

TEST(Metadata, IsEmptyWhereItIsNoObject) {
  EXPECT_EQ(Metadata("[1]").text(), "{}");
  EXPECT_EQ(Metadata("{").text(), "{}");
}

}  // namespace
}  // namespace penstock::models
