#include "sim/simulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator_fixture.h"

namespace penstock::sim {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using SimulatorTest = SimulatorFixture;

TEST_F(SimulatorTest, ListsItsModels) {
  start();
  const std::string answer = get("/v1/models");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  const Json list = json_of(answer);
  ASSERT_EQ(list["data"].size(), 3U);
  EXPECT_EQ(list["data"][2]["custom_metadata"]["model_type"], "embedding");
  EXPECT_EQ(json_of(get("/v1/models/sim%2dembed")), list["data"][2]);
  EXPECT_THAT(get("/v1/models/nobody"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(SimulatorTest, AnswersTheSameRequestWithTheSameBytes) {
  start();
  const Json answer = json_of(chat(""));
  EXPECT_EQ(answer["usage"]["completion_tokens"], 32);
  EXPECT_EQ(answer, json_of(chat("")));
  EXPECT_EQ(answer, json_of(chat(R"(,"temperature":0.5)")));
}

TEST_F(SimulatorTest, StreamsInChunks) {
  start();
  const std::string answer = chat(R"(,"stream":true)");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/event-stream; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_THAT(answer, EndsWith("data: [DONE]\n\n\r\n0\r\n\r\n"));
}

TEST_F(SimulatorTest, KeepsAConnectionForManyRequests) {
  start();
  Client client(*simulator_);
  for (int i = 0; i < 3; ++i) {
    client.post("/v1/chat/completions", chat_body(R"(,"stream":true)"));
    client.receive_until("0\r\n\r\n");
  }
  client.post("/v1/completions", R"({"model":"sim-small","prompt":"x"})", kClose);
  EXPECT_THAT(client.receive_all(), HasSubstr("text_completion"));
  EXPECT_EQ(Json::parse(simulator_->stats_json())["connections"], 1);
}

TEST_F(SimulatorTest, Embeds) {
  start();
  const Json answer =
      json_of(post("/v1/embeddings", R"({"model":"sim-embed","input":["a","b"],"dimensions":5})"));
  EXPECT_EQ(answer["data"].size(), 2U);
  EXPECT_EQ(answer["data"][0]["embedding"].size(), 5U);
}

TEST_F(SimulatorTest, RefusesWhatItCannotAnswer) {
  start();
  const auto status = [](const std::string& answer) { return answer.substr(9, 3); };
  EXPECT_EQ(status(post("/v1/chat/completions", "{")), "400");
  EXPECT_EQ(status(post("/v1/chat/completions", R"({"model":"x","messages":[]})")), "404");
  EXPECT_EQ(status(post("/v1/embeddings", R"({"model":"sim-small","input":"a"})")), "400");
  EXPECT_EQ(status(chat(R"(,"sim":{"nothing":1})")), "400");
  EXPECT_EQ(status(get("/v1/chat/completions")), "405");
  EXPECT_EQ(status(get("/nowhere")), "404");
  const Json error = json_of(post("/v1/chat/completions", R"({"model":"x","messages":[]})"));
  EXPECT_EQ(error["error"]["code"], "model_not_found");
}

TEST_F(SimulatorTest, DemandsItsKey) {
  Options options;
  options.api_key = Secret("key");
  start(std::move(options));
  EXPECT_THAT(get("/v1/models"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(get("/v1/models", "Authorization: Bearer kez\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(get("/v1/models", "Authorization: Bearer key\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/health"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(SimulatorTest, FailsAsARequestAsks) {
  start();
  const std::string answer =
      chat(R"(,"sim":{"status":429,"message":"slow down","headers":{"retry-after":"2"}})");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nretry-after: 2\r\n"));
  EXPECT_EQ(json_of(answer)["error"]["message"], "slow down");
  EXPECT_THAT(chat(R"(,"sim":{"status":502,"body":"no gateway"})"), EndsWith("\r\n\r\nno gateway"));
}

TEST_F(SimulatorTest, FailsByChance) {
  Options options;
  options.error_rate = 1;
  options.error_status = 503;
  start(std::move(options));
  EXPECT_THAT(chat(""), StartsWith("HTTP/1.1 503 "));
}

TEST_F(SimulatorTest, CutsAnswersOff) {
  start();
  const std::string whole = chat("");
  EXPECT_EQ(chat(R"(,"sim":{"cut_after_bytes":100})"), whole.substr(0, 100));
  EXPECT_EQ(chat(R"(,"sim":{"cut_after_bytes":0})"), "");

  Client client(*simulator_);
  client.post("/v1/chat/completions",
              chat_body(R"(,"stream":true,"sim":{"cut_after_events":2,"cut":"reset"})"));
  EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("[DONE]")));
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(Json::parse(simulator_->stats_json())["cut"], 3);
}

TEST_F(SimulatorTest, CutsAnswersOffAfterTheirHead) {
  start();
  const std::string whole = chat("");
  EXPECT_EQ(chat(R"(,"sim":{"cut_after_body_bytes":0})"), whole.substr(0, whole.find('{')));
  EXPECT_EQ(chat(R"(,"sim":{"cut_after_body_bytes":9})"), whole.substr(0, whole.find('{') + 9));
  EXPECT_THAT(chat(R"(,"stream":true,"sim":{"cut_after_body_bytes":0})"), EndsWith("\r\n\r\n"));
}

TEST_F(SimulatorTest, PutsAnErrorIntoAnAnswerOfStatus200) {
  start();
  const std::string answer = chat(R"(,"sim":{"status":200,"body":"{\"error\":{}}"})");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n{\"error\":{}}"));
}

TEST_F(SimulatorTest, SendsTheSameBytesHoweverTheyAreCut) {
  start();
  const std::string whole = chat("");
  EXPECT_EQ(json_of(chat(R"(,"sim":{"piece_bytes_max":3,"head_pause_ms":0.1})")), json_of(whole));
}

TEST_F(SimulatorTest, TakesItsTime) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  chat(R"(,"sim":{"first_token_ms":20,"tokens_per_second":1000,"tokens":11,"head_delay_ms":5})");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(35));
}

TEST_F(SimulatorTest, StopsAtOnceWhenTheClientLeaves) {
  start();
  {
    Client client(*simulator_);
    client.post("/v1/chat/completions",
                chat_body(R"(,"stream":true,"sim":{"stall_after_tokens":1})"));
    client.receive_until("data: ");
    EXPECT_EQ(Json::parse(simulator_->stats_json())["open"], 1);
  }
  wait_for_stat("cancelled", 1);
  wait_for_stat("open", 0);

  // The same before the first byte of an answer.
  {
    Client client(*simulator_);
    client.post("/v1/chat/completions", chat_body(R"(,"sim":{"first_token_ms":3600000})"));
    wait_for_stat("open", 1);
  }
  wait_for_stat("cancelled", 2);
}

TEST_F(SimulatorTest, EndsWithAnswersStillOpen) {
  start();
  Client client(*simulator_);
  client.post("/v1/chat/completions",
              chat_body(R"(,"stream":true,"sim":{"stall_after_tokens":1})"));
  client.receive_until("data: ");
  simulator_.reset();
  EXPECT_THAT(client.receive_all(), testing::Not(HasSubstr("[DONE]")));
}

TEST_F(SimulatorTest, RefusesAnAddressThatIsTaken) {
  start();
  Options options;
  options.port = simulator_->port();
  EXPECT_FALSE(Simulator::start(std::move(options)));
}

TEST_F(SimulatorTest, RefusesModelsThatAreNotWellNamed) {
  for (const std::vector<std::string>& models :
       {std::vector<std::string>{}, {""}, {"a", "a"}, {"a=picture"}}) {
    Options options;
    options.port = 0;
    options.models = models;
    EXPECT_FALSE(Simulator::start(std::move(options)));
  }
}

}  // namespace
}  // namespace penstock::sim
