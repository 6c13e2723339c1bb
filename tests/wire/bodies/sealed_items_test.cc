#include "wire/bodies/sealed_items.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::wire {
namespace {

std::string without_sealed(std::string_view body) {
  std::string text;
  for (const std::string_view part : parts_without_sealed_items(body)) text += part;
  return text;
}

std::string with_input(std::string_view items) {
  return R"({"model":"m", "input":[)" + std::string(items) + R"(], "store":false})";
}

constexpr std::string_view kSealed =
    R"({"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"})";
constexpr std::string_view kText = R"({"role":"user","content":"encrypted_content"})";

TEST(SealedItems, AreLeftOutWithTheirCommas) {
  const std::string sealed(kSealed);
  const std::string text(kText);
  EXPECT_EQ(without_sealed(with_input(sealed)), with_input(""));
  EXPECT_EQ(without_sealed(with_input(sealed + "," + sealed)), with_input(""));
  EXPECT_EQ(without_sealed(with_input(sealed + " , " + text)), with_input(text));
  EXPECT_EQ(without_sealed(with_input(text + " , " + sealed)), with_input(text));
  EXPECT_EQ(without_sealed(with_input(text + "," + sealed + "," + text)),
            with_input(text + "," + text));
  EXPECT_EQ(without_sealed(with_input(sealed + "," + text + ", " + text + "," + sealed)),
            with_input(text + ", " + text));
  EXPECT_EQ(without_sealed(with_input(text + "," + sealed + "," + sealed + "," + text + " ,1")),
            with_input(text + "," + text + " ,1"));
}

TEST(SealedItems, AreFoundHoweverTheirKeyIsSpelled) {
  EXPECT_EQ(without_sealed(with_input(R"({"encrypted\u005fcontent":"gAAA"})")), with_input(""));
}

TEST(SealedItems, OfABodyWithoutAnyAreNone) {
  for (const std::string_view body : {
           std::string_view(R"({"model":"m","input":"encrypted_content"})"),
           std::string_view(R"({"model":"m","input":[]})"),
           std::string_view(R"({"model":"m","input":[{"role":"user","content":"x"},7]})"),
           std::string_view(R"({"input":[{"encrypted_content":null},{"encrypted_content":""}]})"),
           std::string_view(R"({"input":[{"content":[{"encrypted_content":"gAAA"}]}]})"),
           std::string_view(R"({"output":[{"encrypted_content":"gAAA"}]})"),
           std::string_view(R"([{"encrypted_content":"gAAA"}])"),
           std::string_view(R"({"input":[{"encrypted_content":"gAAA"},)"),
           std::string_view(""),
       }) {
    EXPECT_TRUE(parts_without_sealed_items(body).empty()) << body;
  }
}

}  // namespace
}  // namespace penstock::wire
