#include "sim/token_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace penstock::sim {
namespace {

std::string joined(const TokenText& text, std::size_t start, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(text.token(start, i));
  return out;
}

TEST(TokenText, GivesTheSameTextPieceByPieceAndAsAWhole) {
  const TokenText text(1);
  for (const std::size_t count : {0U, 1U, 2U, 100U, 20'000U}) {
    std::string whole;
    text.append(whole, text.start(5), count);
    EXPECT_EQ(whole, joined(text, text.start(5), count)) << count;
  }
}

TEST(TokenText, IsTheInsideOfAJsonString) {
  const TokenText text(3);
  std::string whole = "\"";
  text.append(whole, text.start(0), 10'000);
  whole.push_back('"');
  const auto json = nlohmann::json::parse(whole, nullptr, false);
  ASSERT_TRUE(json.is_string());
  EXPECT_NE(json.get<std::string>().find("水圧管路"), std::string::npos);
  EXPECT_NE(json.get<std::string>().find('\n'), std::string::npos);
}

TEST(TokenText, BeginsWithASentenceThatDependsOnTheHash) {
  const TokenText text(1);
  EXPECT_NE(joined(text, text.start(1), 5), joined(text, text.start(2), 5));
  EXPECT_NE(joined(text, text.start(1), 1).front(), ' ');
}

TEST(TokenText, DependsOnItsSeedAlone) {
  EXPECT_EQ(joined(TokenText(4), 0, 200), joined(TokenText(4), 0, 200));
  EXPECT_NE(joined(TokenText(4), 0, 200), joined(TokenText(5), 0, 200));
}

}  // namespace
}  // namespace penstock::sim
