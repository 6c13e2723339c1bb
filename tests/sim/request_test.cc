#include "sim/request.h"

#include <gtest/gtest.h>

namespace penstock::sim {
namespace {

Result<Request> decode(Endpoint endpoint, std::string body) {
  RequestDecoder decoder;
  const std::size_t size = body.size();
  body.append(RequestDecoder::kPadding, ' ');
  return decoder.decode(endpoint, std::string_view(body).substr(0, size));
}

Request chat(const std::string& members) {
  const Result<Request> request =
      decode(Endpoint::kChat,
             R"({"model":"m","messages":[{"role":"user","content":"Hi"}])" + members + "}");
  EXPECT_TRUE(request) << request.error().message;
  return request.value_or(Request{});
}

Request embedding(const std::string& input) {
  const Result<Request> request =
      decode(Endpoint::kEmbedding, R"({"model":"m","input":)" + input + "}");
  EXPECT_TRUE(request) << request.error().message;
  return request.value_or(Request{});
}

TEST(Request, TellsWhatTheAnswerIsToBe) {
  const Request request =
      chat(R"(,"stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"n":null)");
  EXPECT_EQ(request.model, "m");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  EXPECT_EQ(request.max_tokens, 5U);
  EXPECT_TRUE(request.tool.empty());
  EXPECT_TRUE(request.sim.empty());
}

TEST(Request, TakesNullForAbsent) {
  const Request request = chat(R"(,"max_completion_tokens":null,"stream_options":null)");
  EXPECT_FALSE(request.max_tokens);
  EXPECT_FALSE(request.include_usage);
}

TEST(Request, HandsTheSimObjectOnAsItStands) {
  EXPECT_EQ(chat(R"(,"sim":{"tokens" : 3} ,"user":"u")").sim, R"({"tokens" : 3})");
}

TEST(Request, DependsOnTheMessagesAndNotOnTheFieldsAroundThem) {
  EXPECT_EQ(chat("").input.hash, chat(R"(,"user":"u")").input.hash);
  const Result<Request> other =
      decode(Endpoint::kChat, R"({"messages":[{"role":"user","content":"Ho"}],"model":"m"})");
  ASSERT_TRUE(other);
  EXPECT_NE(chat("").input.hash, other->input.hash);
}

TEST(Request, FindsTheFunctionThatMustBeCalled) {
  const std::string tools =
      R"(,"tools":[{"type":"function","function":{"description":"d","name":"first"}},
                   {"type":"function","function":{"name":"second"}}])";
  EXPECT_EQ(chat(tools).tool, "");
  EXPECT_EQ(chat(tools + R"(,"tool_choice":"auto")").tool, "");
  EXPECT_EQ(chat(tools + R"(,"tool_choice":"required")").tool, "first");
  EXPECT_EQ(chat(R"(,"tool_choice":"required")" + tools).tool, "first");
  const std::string chosen = R"(,"tool_choice":{"type":"function","function":{"name":"second"}})";
  EXPECT_EQ(chat(chosen + tools).tool, "second");
}

TEST(Request, CountsTheInputsOfAnEmbedding) {
  EXPECT_EQ(embedding(R"("one")").inputs.size(), 1U);
  EXPECT_EQ(embedding(R"(["one","two"])").inputs.size(), 2U);
  EXPECT_EQ(embedding("[1,2,3]").inputs.size(), 1U);
  EXPECT_EQ(embedding("[1,2,3]").inputs[0].tokens, 3U);
  EXPECT_EQ(embedding("[[1,2],[3]]").inputs.size(), 2U);
  EXPECT_EQ(embedding(R"("one")").inputs[0].hash, embedding(R"([ "one" ])").inputs[0].hash);
}

TEST(Request, RefusesBodiesThatCannotBeAnswered) {
  EXPECT_FALSE(decode(Endpoint::kChat, "{"));
  EXPECT_FALSE(decode(Endpoint::kChat, "[]"));
  EXPECT_FALSE(decode(Endpoint::kChat, R"({"model":"m"})"));
  EXPECT_FALSE(decode(Endpoint::kChat, R"({"model":"m","messages":"Hi"})"));
  EXPECT_FALSE(decode(Endpoint::kChat, R"({"model":"m","messages":[],"max_tokens":"3"})"));
  EXPECT_FALSE(decode(Endpoint::kChat, R"({"messages":[]})"));
  EXPECT_FALSE(decode(Endpoint::kCompletion, R"({"model":"m","prompt":3})"));
  EXPECT_FALSE(decode(Endpoint::kEmbedding, R"({"model":"m","input":[]})"));
  EXPECT_FALSE(decode(Endpoint::kEmbedding, R"({"model":"m","input":{"a":1}})"));
  EXPECT_FALSE(decode(Endpoint::kEmbedding, R"({"model":"m","input":["a",1]})"));
}

TEST(HashOf, DependsOnEveryByteAndOnTheLength) {
  const std::string text(21, 'a');
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 'b';
    EXPECT_NE(hash_of(text, 1), hash_of(other, 1)) << i;
  }
  EXPECT_NE(hash_of(std::string(8, '\0'), 1), hash_of(std::string(9, '\0'), 1));
  EXPECT_NE(hash_of(text, 1), hash_of(text, 2));
}

}  // namespace
}  // namespace penstock::sim
