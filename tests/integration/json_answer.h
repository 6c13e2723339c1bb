#pragma once

// Answers in JSON, as a client reads them.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/raw_client.h"

namespace penstock::testing {

using Json = nlohmann::ordered_json;

// The body of an answer with that status; fails the test if it has another, or is not JSON.
inline Json json_of(const WholeAnswer& answer, int status = 200) {
  EXPECT_EQ(answer.status(), status) << answer.body;
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.head.find("content-type"), "application/json");
  Json json = Json::parse(answer.body, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << answer.body;
  return json;
}

// The ids of a model list, in its order.
inline std::vector<std::string> ids_of(const WholeAnswer& answer) {
  const Json list = json_of(answer);
  std::vector<std::string> ids;
  for (const Json& model : list["data"]) ids.push_back(model["id"].get<std::string>());
  return ids;
}

// The message of an error in OpenAI's shape.
inline std::string message_of(const WholeAnswer& answer) {
  const Json json = Json::parse(answer.body, nullptr, false);
  const bool is_error = json.is_object() && json.contains("error") && json["error"].is_object();
  EXPECT_TRUE(is_error) << answer.body;
  return is_error ? json["error"].value("message", "") : "";
}

}  // namespace penstock::testing
