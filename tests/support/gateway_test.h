#pragma once

// GatewayTest: the fixture of the whole-server tests. A scripted upstream is there from the start;
// the test changes `settings` as it likes and then starts the server in front of it.
//
//   TEST_F(Endings, …) {
//     upstream.answer_next(Script().send(…));
//     RawClient client = connect();
//     const WholeAnswer answer = client.ask(chat(Answer::kWhole));

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "support/raw_client.h"
#include "support/scripted_upstream.h"
#include "support/test_service.h"

namespace penstock::testing {

class GatewayTest : public ::testing::Test {
 protected:
  ScriptedUpstream upstream;
  config::Settings settings = passthrough_settings(upstream.url());

  config::Timeouts& timeouts() { return settings.server.timeouts; }
  config::Limits& limits() { return settings.server.limits; }

  // Starts the server on the first call; later calls return the same one.
  TestService& service();
  // A new connection to it.
  RawClient connect() { return RawClient(service().port()); }
  // A stream of which the client has seen the first event; the rest follows when `rest_of_answers`
  // is released.
  RawClient open_stream();

  const std::shared_ptr<Latch> rest_of_answers = std::make_shared<Latch>();

 private:
  std::unique_ptr<TestService> service_;
};

// The `code` of an error in OpenAI's shape; fails the test if `text` is not one.
std::string error_code_of(std::string_view text);

// A whole error answer in OpenAI's shape.
void expect_error(const WholeAnswer& answer, int status, std::string_view code);

// The rest of a stream that was cut: exactly one event, an error with that code, and then the
// connection's end without the last chunk.
void expect_cut_stream(const RawClient::Rest& rest, std::string_view code);

}  // namespace penstock::testing
