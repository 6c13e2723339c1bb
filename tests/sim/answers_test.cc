#include "sim/answers.h"

#include <gtest/gtest.h>

#include "sim/json.h"

namespace penstock::sim {
namespace {

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() {
    request_.input = {17, 4};
    model_.id = model_.id_in_json = "sim-small";
  }

  AnswerPlan plan(std::uint64_t tokens) const {
    return plan_answer(model_, request_, text_, tokens, 1);
  }
  static Json whole(Endpoint endpoint, const AnswerPlan& plan) {
    std::string body;
    append_whole_answer(body, endpoint, plan);
    return Json::parse(body);
  }
  static std::vector<Json> events_of(EventScript script) {
    std::vector<Json> all;
    while (!script.finished()) {
      std::string data;
      script.append_next(data);
      all.push_back(Json::parse(data));
    }
    return all;
  }
  static std::vector<Json> events(Endpoint endpoint, const AnswerPlan& plan,
                                  const EventOptions& options) {
    return events_of(answer_events(endpoint, plan, options));
  }

  const TokenText text_{1};
  Model model_;
  Request request_;
};

TEST_F(AnswersTest, AStreamedChatSaysWhatTheWholeOneSays) {
  const Json answer = whole(Endpoint::kChat, plan(40));
  std::string content;
  const std::vector<Json> chunks = events(Endpoint::kChat, plan(40), {.include_usage = true});
  ASSERT_EQ(chunks.size(), 1U + 40 + 1 + 1);
  for (const Json& chunk : chunks) {
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    EXPECT_EQ(chunk["id"], answer["id"]);
    EXPECT_EQ(chunk["model"], "sim-small");
    if (!chunk["choices"].empty()) {
      content += chunk["choices"][0]["delta"].value("content", std::string());
    }
  }
  EXPECT_EQ(chunks.front()["choices"][0]["delta"]["role"], "assistant");
  EXPECT_EQ(Json(content), answer["choices"][0]["message"]["content"]);
  EXPECT_EQ(chunks[41]["choices"][0]["finish_reason"], "stop");
  EXPECT_TRUE(chunks[41]["usage"].is_null());
  EXPECT_TRUE(chunks.back()["choices"].empty());
  EXPECT_EQ(chunks.back()["usage"], answer["usage"]);
  EXPECT_EQ(answer["usage"],
            Json::parse(R"({"prompt_tokens":4,"completion_tokens":40,"total_tokens":44})"));
}

TEST_F(AnswersTest, AStreamedCompletionSaysWhatTheWholeOneSays) {
  const Json answer = whole(Endpoint::kCompletion, plan(9));
  std::string content;
  for (const Json& chunk : events(Endpoint::kCompletion, plan(9), {})) {
    EXPECT_EQ(chunk["object"], "text_completion");
    EXPECT_FALSE(chunk.contains("usage"));
    content += chunk["choices"][0]["text"].get<std::string>();
  }
  EXPECT_EQ(Json(content), answer["choices"][0]["text"]);
}

TEST_F(AnswersTest, MaxTokensEndsAnAnswerEarly) {
  request_.max_tokens = 3;
  const Json answer = whole(Endpoint::kChat, plan(40));
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["completion_tokens"], 3);
  request_.max_tokens = 40;
  EXPECT_EQ(whole(Endpoint::kChat, plan(40))["choices"][0]["finish_reason"], "stop");
}

TEST_F(AnswersTest, AStreamedToolCallHasTheArgumentsOfTheWholeOne) {
  request_.tool = "say \"it\"";
  const Json answer = whole(Endpoint::kChat, plan(40));
  const Json& call = answer["choices"][0]["message"]["tool_calls"][0];
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(call["function"]["name"], "say \"it\"");
  EXPECT_TRUE(Json::parse(call["function"]["arguments"].get<std::string>()).is_object());
  std::string arguments;
  for (const Json& chunk : events(Endpoint::kChat, plan(40), {})) {
    const Json& delta = chunk["choices"][0]["delta"];
    if (delta.contains("tool_calls")) {
      arguments += delta["tool_calls"][0]["function"]["arguments"].get<std::string>();
    }
  }
  EXPECT_EQ(Json(arguments), call["function"]["arguments"]);
}

TEST_F(AnswersTest, StampsGrowFromEventToEvent) {
  std::uint64_t last = 0;
  EventScript script = answer_events(Endpoint::kChat, plan(5), {});
  script.stamp();
  for (const Json& chunk : events_of(std::move(script))) {
    const auto stamp = chunk["stamp_ns"].get<std::uint64_t>();
    EXPECT_GT(stamp, 0U);
    EXPECT_GE(stamp, last);
    last = stamp;
  }
}

TEST_F(AnswersTest, LeavesTheFinishReasonOutWhereToldTo) {
  for (const Json& chunk : events(Endpoint::kChat, plan(2), {.finish = false})) {
    EXPECT_TRUE(chunk["choices"][0]["finish_reason"].is_null());
  }
}

TEST_F(AnswersTest, DependsOnModelInputAndSeed) {
  const Json answer = whole(Endpoint::kChat, plan(40));
  EXPECT_EQ(answer, whole(Endpoint::kChat, plan(40)));
  request_.input.hash = 18;
  EXPECT_NE(answer["id"], whole(Endpoint::kChat, plan(40))["id"]);
  request_.input.hash = 17;
  model_.id = "sim-large";
  EXPECT_NE(answer["id"], whole(Endpoint::kChat, plan(40))["id"]);
}

TEST_F(AnswersTest, EmbedsEveryInput) {
  request_.inputs = {{1, 2}, {2, 3}};
  const Embeddings embeddings(1);
  std::string body;
  append_embeddings(body, model_, request_, 3, embeddings);
  const Json answer = Json::parse(body);
  ASSERT_EQ(answer["data"].size(), 2U);
  EXPECT_EQ(answer["data"][1]["index"], 1);
  EXPECT_EQ(answer["data"][1]["embedding"].size(), 3U);
  EXPECT_EQ(answer["usage"]["total_tokens"], 5);
}

}  // namespace
}  // namespace penstock::sim
