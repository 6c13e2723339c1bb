#include "sim/refusals.h"

#include "core/text.h"
#include "http/serializer.h"

namespace penstock::sim {
namespace {

// An error event without a status is a server error.
constexpr int kDefaultStatus = 500;

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 429:
      return "rate_limit_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

}  // namespace

std::string refusal_body(const Behaviour& behaviour) {
  if (!behaviour.body.empty()) return behaviour.body;
  const int status = behaviour.status != 0 ? behaviour.status : kDefaultStatus;
  std::string body = "{\"error\":{\"message\":\"";
  if (behaviour.message.empty()) {
    append_json_escaped(body, http::reason_phrase(status));
  } else {
    append_json_escaped(body, behaviour.message);
  }
  body.append("\",\"type\":\"").append(error_type(status));
  body.append("\",\"param\":null,\"code\":\"").append(std::to_string(status)).append("\"}}");
  return body;
}

std::string_view refusal_type(const Behaviour& behaviour) {
  const bool json = behaviour.body.empty() || behaviour.body.starts_with('{');
  return json ? "application/json" : "text/plain; charset=utf-8";
}

}  // namespace penstock::sim
