#pragma once

// ModelsTest: asking for models, by list and by name.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {

// The reference's words.
inline std::string not_found(std::string_view name) {
  return fmt::format("Model '{}' not found. Use 'client.models.list()' to list available Models.",
                     name);
}

// An upstream's model list with these entries.
inline Script listing(std::string_view entries) {
  return Script().send(
      json_answer(200, fmt::format(R"({{"object":"list","data":[{}]}})", entries)));
}

class ModelsTest : public GatewayTest {
 protected:
  WholeAnswer ask(std::string_view text) { return connect().ask(text); }
  WholeAnswer list() { return ask(get("/v1/models")); }
  WholeAnswer list_for(std::string_view provider_data) {
    return ask(get("/v1/models", {{"X-OGX-Provider-Data", std::string(provider_data)}}));
  }
  // What the upstream is asked for when a client asks for `model`.
  std::string upstream_name_of(std::string_view model) {
    const std::size_t before = upstream.requests().size();
    EXPECT_EQ(ask(chat(Answer::kWhole, model)).status(), 200);
    return Json::parse(upstream.wait_for_request(before).body)["model"];
  }
  // The message begins with the reference's words; what may help follows.
  void expect_not_found(std::string_view model) {
    const WholeAnswer answer = ask(chat(Answer::kWhole, model));
    expect_error(answer, 404, "model_not_found");
    EXPECT_TRUE(message_of(answer).starts_with(not_found(model))) << message_of(answer);
    EXPECT_EQ(Json::parse(answer.body)["error"]["param"], "model");
  }
};

}  // namespace penstock::testing
