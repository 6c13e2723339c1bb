#include "providers/provider_data.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::providers {
namespace {

ProviderData parse(std::string_view json) {
  Result<ProviderData> data = ProviderData::parse(json);
  EXPECT_TRUE(data.has_value()) << json;
  return data ? std::move(*data) : ProviderData();
}

// What a header may carry of a key's value; "(nothing)" if it has none.
std::string value_of(std::string_view json, std::string_view key = "a") {
  const ProviderData data = parse(json);
  const Secret* value = data.find(key);
  return value != nullptr ? std::string(value->reveal()) : "(nothing)";
}

TEST(ProviderData, ReadsWhatHasAMeaningOfItsOwn) {
  const ProviderData data = parse(R"({"passthrough_url":"http://h"})");
  EXPECT_EQ(data.url(), "http://h");
  EXPECT_EQ(data.find("passthrough_url"), nullptr);
}

TEST(ProviderData, FindsTheFirstOfSeveralKeysWhateverItsCase) {
  const ProviderData data = parse(R"({"b":"2","GQ_api_Key":"1"})");
  const std::vector<std::string> keys = {"absent", "gq_API_KEY", "b"};
  const Secret* value = data.find_any(keys);
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(value->reveal(), "1");
  EXPECT_EQ(data.find_any({}), nullptr);
}

TEST(ProviderData, IsEmptyWhereNothingIsSaid) {
  const ProviderData data = parse("{}");
  EXPECT_FALSE(data.url().has_value());
  EXPECT_EQ(data.find("a"), nullptr);
}

TEST(ProviderData, RefusesWhatIsNoObjectAndRepeatsNoneOfIt) {
  for (const char* json : {"", " ", "canary", "\"canary\"", "[\"canary\"]", "null", "true", "1",
                           "{\"canary\"}", "{} canary", "{\"a\":1,}", "{\"canary\":\xFF}"}) {
    const Result<ProviderData> data = ProviderData::parse(json);
    ASSERT_FALSE(data.has_value()) << json;
    EXPECT_EQ(data.error().kind, ErrorKind::kInvalidRequest);
    EXPECT_EQ(data.error().message.find("canary"), std::string::npos);
  }
}

TEST(ProviderData, DropsTheServersOwnKeys) {
  EXPECT_EQ(value_of(R"({"__authenticated_user":"root"})", "__authenticated_user"), "(nothing)");
  EXPECT_EQ(value_of(R"({"_a":"kept"})", "_a"), "kept");
}

TEST(ProviderData, CarriesTextNumbersAndBooleans) {
  EXPECT_EQ(value_of(R"({"a":"text"})"), "text");
  EXPECT_EQ(value_of(R"({"a":5})"), "5");
  EXPECT_EQ(value_of(R"({"a":-1.5})"), "-1.5");
  EXPECT_EQ(value_of(R"({"a":true})"), "true");
  for (const char* json : {R"({"a":""})", R"({"a":null})", R"({"a":["x"]})", R"({"a":{"b":1}})",
                           R"({"a":"\u0000\r\n"})"}) {
    EXPECT_EQ(value_of(json), "(nothing)") << json;
  }
}

TEST(ProviderData, TakesOutWhatBreaksLines) {
  EXPECT_EQ(value_of(R"({"a":"1\r\n2\u00003\t4\u007f5\u00856\u20287\u20298"})"), "12345678");
  EXPECT_EQ(value_of("{\"a\":\"caf\u00e9 \u2027\"}"), "caf\u00e9 \u2027");
}

TEST(ProviderData, DropsValuesOverTheLimit) {
  const std::string fits(ProviderData::kValueBytesMax, 'x');
  EXPECT_EQ(value_of("{\"a\":\"" + fits + "\"}"), fits);
  EXPECT_EQ(value_of("{\"a\":\"" + fits + "x\"}"), "(nothing)");
  // Removed characters do not count.
  EXPECT_EQ(value_of("{\"a\":\"" + fits + "\\n\"}"), fits);
}

// reported-failures 1.1: one bound for all JSON that is read into a tree
TEST(ProviderData, IsReadUpToTheDepthThatIsAllowedAndNoDeeper) {
  const auto nested = [](std::size_t arrays) {
    return "{\"b\":" + std::string(arrays, '[') + std::string(arrays, ']') + "}";
  };
  EXPECT_EQ(value_of(nested(63), "b"), "(nothing)");
  for (const std::size_t arrays : {64, 100'000}) {
    const Result<ProviderData> deep = ProviderData::parse(nested(arrays));
    ASSERT_FALSE(deep.has_value());
    EXPECT_EQ(deep.error().limit, Limit::kJsonDepth);
    EXPECT_EQ(deep.error().message, "the provider data header: JSON nested too deeply at byte 68");
  }
}

TEST(ProviderData, NamesNoKeyTwice) {
  const Result<ProviderData> data = ProviderData::parse(R"({"a":"1","\u0061":"2"})");
  ASSERT_FALSE(data.has_value());
  EXPECT_EQ(data.error().kind, ErrorKind::kInvalidRequest);
}

TEST(WithoutControlCharacters, KeepsEverythingElse) {
  EXPECT_EQ(without_control_characters("a b~\xC3\xA9\xE2\x82\xAC"), "a b~\xC3\xA9\xE2\x82\xAC");
  EXPECT_EQ(without_control_characters(std::string_view("\0\x1F\x7F", 3)), "");
  // The first bytes of removed sequences are kept if they begin something else.
  EXPECT_EQ(without_control_characters("\xC2\x86\xE2\x80\xA7\xC2"), "\xC2\x86\xE2\x80\xA7\xC2");
}

}  // namespace
}  // namespace penstock::providers
