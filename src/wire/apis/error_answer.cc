#include "wire/apis/error_answer.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/json_writer.h"
#include "core/text.h"
#include "wire/sse/writer.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kInvalidRequestType = "invalid_request_error";
constexpr std::string_view kAuthenticationType = "authentication_error";
constexpr std::string_view kPermissionType = "permission_error";
constexpr std::string_view kRateLimitType = "rate_limit_error";
constexpr std::string_view kUpstreamType = "upstream_error";
constexpr std::string_view kApiType = "api_error";

// Text of others in a message is cut to this.
constexpr std::size_t kWrappedBytesMax = 2048;

// A member with a text, or null for an empty one.
void write_text(JsonWriter& out, std::string_view name, std::string_view value) {
  if (value.empty()) {
    out.raw_member(name, "null");
  } else {
    out.member(name, value);
  }
}

std::string openai_object(const ErrorAnswer& answer, std::string_view message) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("error").begin_object().member("message", message);
  write_text(out, "type", answer.type);
  write_text(out, "param", answer.param);
  write_text(out, "code", answer.code);
  out.end_object().end_object();
  return text;
}

// https://docs.anthropic.com/en/api/errors
std::string anthropic_object(int status, std::string_view message, std::string_view request_id) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().member("type", "error").key("error").begin_object();
  out.member("type", anthropic_type_of(status)).member("message", message).end_object();
  write_text(out, "request_id", request_id);
  out.end_object();
  return text;
}

std::string object_of(const ErrorAnswer& answer, std::string_view message, const ErrorForm& form) {
  switch (form.dialect) {
    case Dialect::kAnthropic:
      return anthropic_object(answer.status, message, form.request_id);
    case Dialect::kCohere: {
      std::string text;
      JsonWriter(text).begin_object().member("message", message).end_object();
      return text;
    }
    case Dialect::kOpenAi:
      break;
  }
  return openai_object(answer, message);
}

// https://platform.openai.com/docs/api-reference/responses-streaming/error: the event is the error.
std::string responses_event(const ErrorAnswer& answer, std::string_view message,
                            std::uint64_t sequence) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().member("type", "error");
  write_text(out, "code", answer.code);
  out.member("message", message);
  write_text(out, "param", answer.param);
  out.number_member("sequence_number", static_cast<std::int64_t>(sequence)).end_object();
  return text;
}

struct StatusName {
  int status;
  std::string_view name;
};

// RFC 9110 section 15, RFC 6585 and Anthropic's 529: the failures that inference services answer
// with.
constexpr std::array kStatusNames = {
    StatusName{400, "Bad Request"},
    StatusName{401, "Unauthorized"},
    StatusName{402, "Payment Required"},
    StatusName{403, "Forbidden"},
    StatusName{404, "Not Found"},
    StatusName{405, "Method Not Allowed"},
    StatusName{408, "Request Timeout"},
    StatusName{409, "Conflict"},
    StatusName{413, "Content Too Large"},
    StatusName{415, "Unsupported Media Type"},
    StatusName{422, "Unprocessable Content"},
    StatusName{429, "Too Many Requests"},
    StatusName{500, "Internal Server Error"},
    StatusName{501, "Not Implemented"},
    StatusName{502, "Bad Gateway"},
    StatusName{503, "Service Unavailable"},
    StatusName{504, "Gateway Timeout"},
    StatusName{529, "Overloaded"},
};

std::string name_of_status(int status) {
  for (const StatusName& known : kStatusNames) {
    if (known.status == status) return std::string(known.name);
  }
  return "The upstream answered with status " + std::to_string(status);
}

// At most kWrappedBytesMax bytes from the front, not ending inside a UTF-8 sequence.
std::string_view cut(std::string_view text) {
  if (text.size() <= kWrappedBytesMax) return text;
  std::size_t length = kWrappedBytesMax;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  // A sequence has at most three continuation bytes; more of them are not UTF-8 and no boundary.
  for (int step = 0; step < 3 && continues(length); ++step) --length;
  return text.substr(0, length);
}

std::string_view without_surrounding_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Of what is wrong with the request itself; 0: of other kinds.
int status_of_bad_request(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformedRequest:
      return 400;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kPreconditionFailed:
      return 412;
    case ErrorKind::kMethodNotAllowed:
      return 405;
    case ErrorKind::kUpgradeRequired:
      return 426;
    case ErrorKind::kRequestTimeout:
      return 408;
    case ErrorKind::kBodyTooLarge:
      return 413;
    case ErrorKind::kUnsupportedMediaType:
      return 415;
    case ErrorKind::kExpectationFailed:
      return 417;
    case ErrorKind::kHeadTooLarge:
    case ErrorKind::kTooManyFields:
      return 431;
    case ErrorKind::kNotImplemented:
      return 501;
    case ErrorKind::kVersionNotSupported:
      return 505;
    default:
      return 0;
  }
}

}  // namespace

// The codes of upstream and gateway errors are the kinds' names, as in logs and metrics.
ErrorAnswer answer_for(const Error& error) {
  const std::string_view name = name_of(error.kind);
  if (const int status = status_of_bad_request(error.kind); status != 0) {
    return {status, kInvalidRequestType, name, {}};
  }
  switch (error.kind) {
    case ErrorKind::kInvalidRequest:
      return {400, kInvalidRequestType, {}, {}};
    case ErrorKind::kInvalidApiKey:
    case ErrorKind::kExpiredApiKey:
    case ErrorKind::kDisabledApiKey:
      return {401, kAuthenticationType, name, {}};
    case ErrorKind::kForbidden:
    case ErrorKind::kModelNotAllowed:
      return {403, kPermissionType, name, {}};
    // A model that must not be used is answered like one that does not exist: clients know this
    // code, and OpenAI's words cover both ("does not exist or you do not have access").
    case ErrorKind::kModelNotFound:
      return {404, kInvalidRequestType, "model_not_found", "model"};
    case ErrorKind::kClientGone:
    case ErrorKind::kCancelled:
      return {0, {}, {}, {}};
    case ErrorKind::kUpstreamUnreachable:
    case ErrorKind::kUpstreamReset:
    case ErrorKind::kUpstreamInvalidResponse:
    case ErrorKind::kUpstreamRedirect:
      return {502, kUpstreamType, name, {}};
    case ErrorKind::kUpstreamTimeout:
      return {504, kUpstreamType, name, {}};
    // The caller has chosen the address.
    case ErrorKind::kUpstreamForbidden:
      return {400, kInvalidRequestType, name, {}};
    // As OpenAI names it: clients wait after it.
    case ErrorKind::kRateLimited:
    case ErrorKind::kKeyRequests:
    case ErrorKind::kKeyTokens:
      return {429, kRateLimitType, "rate_limit_exceeded", {}};
    case ErrorKind::kKeyConcurrency:
      return {429, kRateLimitType, "concurrency_limit_exceeded", {}};
    // OpenAI's word for it: clients do not ask again by themselves.
    case ErrorKind::kBudgetExceeded:
      return {429, "insufficient_quota", name, {}};
    case ErrorKind::kStoreUnavailable:
    case ErrorKind::kPinnedTargetUnavailable:
    case ErrorKind::kOverloaded:
    case ErrorKind::kShuttingDown:
      return {503, kApiType, name, {}};
    case ErrorKind::kInternal:
      return {500, kApiType, name, {}};
    default:
      return {500, kApiType, name_of(ErrorKind::kInternal), {}};
  }
}

std::string_view anthropic_type_of(int status) {
  switch (status) {
    case 401:
      return kAuthenticationType;
    case 402:
      return "billing_error";
    case 403:
      return kPermissionType;
    case 404:
      return "not_found_error";
    case 409:
      return "conflict_error";
    case 413:
      return "request_too_large";
    case 429:
      return kRateLimitType;
    case 503:
    case 529:
      return "overloaded_error";
    case 504:
      return "timeout_error";
    default:
      return status < 500 ? kInvalidRequestType : kApiType;
  }
}

std::string error_body(const Error& error, const ErrorForm& form) {
  return object_of(answer_for(error), error.message, form);
}

std::string error_event(const Error& error, Api api, std::string_view request_id,
                        std::uint64_t sequence) {
  std::string event;
  if (api == Api::kResponses) {
    append_sse_event(event, "error", responses_event(answer_for(error), error.message, sequence));
    return event;
  }
  const Dialect dialect = traits_of(api).dialect;
  const std::string_view name = dialect == Dialect::kAnthropic ? "error" : "";
  append_sse_event(event, name, error_body(error, {.dialect = dialect, .request_id = request_id}));
  return event;
}

std::string wrapped_upstream_error(int status, std::string_view text, const ErrorForm& form) {
  const std::string_view message = cut(without_surrounding_space(text));
  const ErrorAnswer answer{status, kUpstreamType, {}, {}};
  if (message.empty()) return object_of(answer, name_of_status(status), form);
  return object_of(answer, message, form);
}

std::string coded_upstream_error(int status, const ErrorForm& form) {
  return object_of({status, kUpstreamType, {}, {}},
                   name_of_status(status) +
                       ". The upstream's own message is left out: it is in a content coding that "
                       "cannot be decoded, although only identity was requested.",
                   form);
}

bool is_refusal_of_credential(int status, std::string_view text) {
  // `words` are in lower case.
  const auto has_one_of = [&](std::span<const std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) {
      return std::ranges::search(text, word, {}, to_lower).size() == word.size();
    });
  };
  constexpr std::array kOf403 = std::to_array<std::string_view>(
      {"api key", "api_key", "api-key", "apikey", "credential", "unauthenticated", "authentication",
       "security token", "access token", "auth token", "bearer token"});
  constexpr std::array kOf400 = std::to_array<std::string_view>(
      {"api_key_invalid", "api key not valid", "incorrect api key"});
  if (status == 403) return has_one_of(kOf403);
  if (status == 400) return has_one_of(kOf400);
  return status == 401;
}

std::string refused_credential_error(int status, std::string_view provider, std::string_view text,
                                     const ErrorForm& form) {
  std::string message = "The upstream of provider '" + std::string(provider) + "' answered " +
                        std::to_string(status) +
                        " to the credential that this gateway's operator has configured for it. "
                        "Your own API key is not the cause; tell the operator.";
  const std::string_view said = cut(without_surrounding_space(text));
  if (!said.empty()) message.append(" The upstream says: ").append(said);
  return object_of({status, kUpstreamType, "upstream_authentication", {}}, message, form);
}

}  // namespace penstock::wire
