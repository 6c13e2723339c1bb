#include "sim/refusals.h"

#include "core/text.h"
#include "http/serializer.h"
#include "sim/json_text.h"
#include "wire/apis/error_answer.h"

namespace penstock::sim {
namespace {

std::string_view openai_type(int status) {
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

std::string_view anthropic_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string openai_object(int status, const std::string& quoted_message) {
  std::string body = "{\"error\":{\"message\":" + quoted_message + ",\"type\":\"";
  body.append(openai_type(status)).append("\",\"param\":null,\"code\":\"");
  append_count(body, static_cast<std::uint64_t>(status));
  return body + "\"}}";
}

std::string responses_event(int status, const std::string& quoted_message, std::uint64_t sequence) {
  std::string event = "{\"type\":\"error\",\"code\":\"";
  event.append(openai_type(status)).append("\",\"message\":").append(quoted_message);
  event.append(",\"param\":null,\"sequence_number\":");
  append_count(event, sequence);
  return event + "}";
}

std::string failed_response_event(std::string_view response, std::uint64_t sequence) {
  std::string event = R"({"type":"response.failed","sequence_number":)";
  append_count(event, sequence);
  return event.append(",\"response\":").append(response).append("}");
}

std::string quoted_message_of(int status, std::string_view message) {
  if (!message.empty()) return json_quoted(message);
  if (status == 529) return json_quoted("Overloaded");
  return json_quoted(http::reason_phrase(status));
}

}  // namespace

std::string error_object(Dialect dialect, int status, std::string_view message) {
  const std::string quoted = quoted_message_of(status, message);
  switch (dialect) {
    case Dialect::kOpenAi:
    case Dialect::kResponses:
      break;
    case Dialect::kAnthropic:
      return "{\"type\":\"error\",\"error\":{\"type\":\"" + std::string(anthropic_type(status)) +
             "\",\"message\":" + quoted + "},\"request_id\":\"req_sim\"}";
    case Dialect::kCohere:
      return "{\"message\":" + quoted + "}";
  }
  return openai_object(status, quoted);
}

std::string refusal_body(const Behaviour& behaviour, Dialect dialect) {
  if (!behaviour.body.empty()) return behaviour.body;
  return error_object(dialect, behaviour.status, behaviour.message);
}

std::string error_event_data(const Behaviour& behaviour, Dialect dialect,
                             std::string_view failed_object, std::uint64_t sequence) {
  if (!behaviour.body.empty()) return behaviour.body;
  if (!failed_object.empty()) return failed_response_event(failed_object, sequence);
  const int status = behaviour.error_status;
  if (dialect != Dialect::kResponses) return error_object(dialect, status, behaviour.message);
  return responses_event(status, quoted_message_of(status, behaviour.message), sequence);
}

std::string failed_response_error(const Behaviour& behaviour) {
  const int status = behaviour.error_status;
  std::string error = "{\"code\":\"";
  error.append(status == 429 ? "rate_limit_exceeded" : "server_error").append("\",\"message\":");
  return error.append(quoted_message_of(status, behaviour.message)).append("}");
}

std::unexpected<Error> refusal(std::string message) {
  return failure(Error::client(ErrorKind::kInvalidRequest, std::move(message)));
}

std::string own_error_body(const Error& error, Dialect dialect) {
  if (dialect == Dialect::kOpenAi || dialect == Dialect::kResponses) {
    return wire::error_body(error);
  }
  return error_object(dialect, wire::answer_for(error).status, error.message);
}

std::string_view refusal_type(const Behaviour& behaviour) {
  const bool json = behaviour.body.empty() || behaviour.body.starts_with('{');
  return json ? "application/json" : "text/plain; charset=utf-8";
}

}  // namespace penstock::sim
