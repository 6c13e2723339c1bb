#include "support/gateway_test.h"

#include <nlohmann/json.hpp>

namespace penstock::testing {

TestService& GatewayTest::service() {
  if (!service_) service_ = std::make_unique<TestService>(settings);
  return *service_;
}

RawClient GatewayTest::open_stream() {
  upstream.answer_next(Script()
                           .send(stream_head())
                           .send(chunk(event(chat_delta("one"))))
                           .pause(rest_of_answers)
                           .send(chunk(event(chat_finish())))
                           .send(chunk(kDone))
                           .send(kLastChunk));
  RawClient client = connect();
  EXPECT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(client.read_event().has_value());
  return client;
}

std::string error_code_of(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("error") || !json["error"].is_object()) {
    ADD_FAILURE() << "no error object: " << text;
    return {};
  }
  const auto& error = json["error"];
  for (const char* key : {"message", "type", "param", "code"}) {
    EXPECT_TRUE(error.contains(key)) << key << " is missing in " << text;
  }
  EXPECT_TRUE(error.value("message", nlohmann::json()).is_string()) << text;
  const auto code = error.value("code", nlohmann::json());
  return code.is_string() ? code.get<std::string>() : std::string();
}

void expect_error(const WholeAnswer& answer, int status, std::string_view code) {
  EXPECT_EQ(answer.status(), status);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.head.find("content-type"), "application/json");
  EXPECT_EQ(error_code_of(answer.body), code);
}

void expect_cut_stream(const RawClient::Rest& rest, std::string_view code) {
  EXPECT_FALSE(rest.complete) << "the stream looks whole";
  EXPECT_TRUE(rest.end == Io::kEnd || rest.end == Io::kReset) << name_of(rest.end);
  std::string text = rest.body;
  const auto event = take_event(text);
  ASSERT_TRUE(event.has_value()) << "no event, but: " << rest.body;
  EXPECT_EQ(text, "") << "something follows the error";
  ASSERT_TRUE(event->starts_with("data: ")) << *event;
  EXPECT_EQ(error_code_of(std::string_view(*event).substr(6)), code);
}

}  // namespace penstock::testing
