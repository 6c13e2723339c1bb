// Bodies that name their model elsewhere than at the top, or several models.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "wire/bodies/request_reading.h"

namespace penstock::wire {
namespace {

constexpr RequestShape kBatch{.model_in = ModelIn::kRequests};
constexpr RequestShape kSession{.model_in = ModelIn::kSession};
constexpr RequestShape kOptional{.model_is = ModelIs::kOptional};

// The names at the places of the body, as it spells them: "m n m".
std::string named_by(std::string_view body, RequestShape shape) {
  const auto fields = read(body, {}, shape);
  if (!fields) return fields.error().message;
  std::string names;
  for (const ModelPlace& place : fields->places()) {
    const std::string name = place.name == 0 ? fields->model : fields->more_names[place.name - 1];
    EXPECT_EQ(spelled_at(body, place), '"' + name + '"');
    names.append(names.empty() ? "" : " ").append(name);
  }
  return names;
}

TEST(RequestReader, FindsTheModelOfEachRequestOfABatch) {
  EXPECT_EQ(named_by(R"({"requests":[
      {"custom_id":"a","params":{"model":"m","messages":[{"content":"\"model\":\"x\""}]}},
      {"params":{"max_tokens":1,"tools":[{"model":"y"}],"model":"n"},"custom_id":"b"},
      {"custom_id":"c","params" : { "model" : "m" } }]})",
                     kBatch),
            "m n m");
  EXPECT_EQ(named_by(R"({"requests":[{"params":{"model":"m"}}]})", kBatch), "m");
}

// A service may read either.
TEST(RequestReader, FindsEveryModelOfARequestThatNamesTwo) {
  EXPECT_EQ(
      named_by(R"({"requests":[{"params":{"model":"m","model":"n"},"params":{"model":"o"}}]})",
               kBatch),
      "m n o");
}

TEST(RequestReader, FindsAModelOfABatchInItsPlaceOnly) {
  for (const std::string_view body :
       {R"({"requests":[{"model":"x","params":{"a":{"model":"x"}}}],"model":"x"})",
        R"({"requests":{"params":{"model":"x"}}})", R"({"requests":[[{"params":{"model":"x"}}]]})",
        R"({"requests":[{"params":[{"model":"x"}]}]})", R"({"params":{"model":"x"}})",
        R"({"requests":[],"a":[{"params":{"model":"x"}}]})",
        R"({"a":{"requests":[{"params":{"model":"x"}}]}})"}) {
    EXPECT_EQ(named_by(body, kBatch),
              "Each of 'requests' must have a 'model' in its 'params': a non-empty string.")
        << body;
  }
}

TEST(RequestReader, JudgesTheModelOfABatchLikeAnyOther) {
  EXPECT_EQ(
      message_for(R"({"requests":[{"params":{"model":"m"}},{"params":{"Model":"x"}}]})", kBatch),
      "The body has the key 'Model', which some services read as 'model'. Spell it 'model'.");
  EXPECT_EQ(message_for(R"({"requests":[{"params":{"model":""}}]})", kBatch),
            "Each of 'requests' must have a 'model' in its 'params': a non-empty string.");
  EXPECT_EQ(message_for(R"({"requests":[{"params":{"model":"a\u0000"}}]})", kBatch),
            "The model's name has a control character.");
  const auto escaped =
      read(R"({"r\u0065quests":[{"par\u0061ms":{"mod\u0065l":"\u006D"}}]})", {}, kBatch);
  ASSERT_TRUE(escaped);
  EXPECT_EQ(escaped->model, "m");
}

TEST(RequestReader, BoundsTheNamesOfABatch) {
  const auto batch = [](std::size_t names) {
    std::string body = R"({"requests":[)";
    for (std::size_t i = 0; i < 3 * names; ++i) {
      body +=
          (i == 0 ? "" : ",") + (R"({"params":{"model":"m)" + std::to_string(i % names)) + "\"}}";
    }
    return body + "]}";
  };
  const auto most = read(batch(RequestReader::kNamesMax), {}, kBatch);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->places().size(), 3 * RequestReader::kNamesMax);
  EXPECT_EQ(most->more_names.size(), RequestReader::kNamesMax - 1);
  EXPECT_EQ(message_for(batch(RequestReader::kNamesMax + 1), kBatch),
            "The body names more than 64 models.");
}

TEST(RequestReader, BoundsThePlacesOfABatch) {
  std::string body = R"({"requests":[{"params":{"model":"m"}})";
  for (std::size_t i = 1; i < RequestReader::kPlacesMax; ++i)
    body += R"(,{"params":{"model":"m"}})";
  const std::string most_body = body + "]}";
  RequestReader reader(most_body, {}, kBatch);
  EXPECT_TRUE(read_request(reader));
  const std::string too_many = body + R"(,{"params":{"model":"m"}}]})";
  RequestReader over(too_many, {}, kBatch);
  const auto refused = read_request(over);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "The body names a model more than 100000 times.");
}

TEST(RequestReader, FindsTheModelOfASession) {
  EXPECT_EQ(
      named_by(R"({"session":{"type":"realtime","model":"m","audio":{"model":"x"}}})", kSession),
      "m");
  EXPECT_EQ(named_by(R"({"model":"m","voice":"x"})", kSession), "m");
  EXPECT_EQ(named_by(R"({"model":"m","session":{"model":"n"}})", kSession), "m n");
  EXPECT_EQ(message_for(R"({"session":{"type":"realtime"}})", kSession),
            "You must provide a model parameter in 'session': a non-empty string.");
}

TEST(RequestReader, TakesABodyWithoutAModelWhereItIsOptional) {
  for (const std::string_view body : {R"({"input":"x"})", R"({"model":null})"}) {
    const auto fields = read(body, {}, kOptional);
    ASSERT_TRUE(fields) << body;
    EXPECT_EQ(fields->model, "");
    EXPECT_TRUE(fields->places().empty());
  }
  EXPECT_EQ(named_by(R"({"model":"m"})", kOptional), "m");
  EXPECT_EQ(message_for(R"({"model":3})", kOptional), kNoModel);
}

}  // namespace
}  // namespace penstock::wire
