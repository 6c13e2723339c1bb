#pragma once

// Reading request bodies in tests.

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/bodies/request_fields.h"

namespace penstock::wire {

struct Read : RequestFields {
  std::string model;
};

// Reads `body` from memory that ends with it, so that the sanitizers detect a step too far; in one
// go and in slices, with the same result.
inline Result<Read> read(std::string_view body, const RequestLimits& limits = {},
                         RequestShape shape = {}) {
  const std::vector<char> exact(body.begin(), body.end());
  RequestReader reader({exact.data(), exact.size()}, limits, shape);
  Result<RequestFields> fields = read_request(reader);

  constexpr std::size_t kSmallBytes = 10'000;
  const std::size_t work = body.size() < kSmallBytes ? 1 : 1000;
  RequestReader sliced({exact.data(), exact.size()}, limits, shape);
  std::optional<Result<RequestFields>> again;
  std::size_t slices = 0;
  while (!again) {
    again = sliced.proceed(work);
    EXPECT_LE(++slices, body.size() + 2);
    if (slices > body.size() + 2) break;
  }
  if (again->has_value() != fields.has_value()) throw std::logic_error("slices change the outcome");
  EXPECT_EQ(sliced.model(), reader.model());
  if (!fields) {
    EXPECT_EQ(again->error().message, fields.error().message);
    return failure(std::move(fields.error()));
  }
  return Read{*fields, std::string(reader.model())};
}

inline std::string_view spelled_at(std::string_view body, const ModelPlace& place) {
  return body.substr(place.begin, place.end - place.begin);
}

inline std::string message_for(const std::string& body, RequestShape shape = {}) {
  const auto fields = read(body, {}, shape);
  if (fields) return "no error";
  EXPECT_EQ(fields.error().kind, ErrorKind::kInvalidRequest);
  return fields.error().message;
}

inline std::string not_json(const std::string& what) {
  return "We could not parse the JSON body of your request: " + what + ".";
}

inline constexpr std::string_view kNoModel =
    "You must provide a model parameter: a non-empty string.";

}  // namespace penstock::wire
