#include "wire/apis/error_event.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/json_reader.h"
#include "wire/sse/whole_event.h"

namespace penstock::wire {
namespace {

constexpr int kUnknown = 502;

struct NamedStatus {
  std::string_view name;
  int status;
};

// https://docs.anthropic.com/en/api/errors, https://platform.openai.com/docs/guides/error-codes,
// the codes of Responses (https://platform.openai.com/docs/api-reference/responses/object) that
// blame the request, and the names of exceptions that vLLM states as types.
constexpr std::array kNamedStatuses = {
    NamedStatus{"invalid_request_error", 400},
    NamedStatus{"BadRequestError", 400},
    NamedStatus{"context_length_exceeded", 400},
    NamedStatus{"invalid_prompt", 400},
    NamedStatus{"invalid_image", 400},
    NamedStatus{"invalid_image_format", 400},
    NamedStatus{"invalid_image_url", 400},
    NamedStatus{"image_content_policy_violation", 400},
    NamedStatus{"content_policy_violation", 400},
    NamedStatus{"content_filter", 400},
    NamedStatus{"authentication_error", 401},
    NamedStatus{"invalid_api_key", 401},
    NamedStatus{"AuthenticationError", 401},
    NamedStatus{"billing_error", 402},
    NamedStatus{"permission_error", 403},
    NamedStatus{"unsupported_country_region_territory", 403},
    NamedStatus{"PermissionDeniedError", 403},
    NamedStatus{"not_found_error", 404},
    NamedStatus{"model_not_found", 404},
    NamedStatus{"NotFoundError", 404},
    NamedStatus{"conflict_error", 409},
    NamedStatus{"request_too_large", 413},
    NamedStatus{"UnprocessableEntityError", 422},
    NamedStatus{"rate_limit_error", 429},
    NamedStatus{"rate_limit_exceeded", 429},
    NamedStatus{"slow_down", 429},
    NamedStatus{"requests", 429},
    NamedStatus{"tokens", 429},
    NamedStatus{"insufficient_quota", 429},
    NamedStatus{"credit_balance_exhausted", 429},
    NamedStatus{"RateLimitError", 429},
    NamedStatus{"server_error", 500},
    NamedStatus{"api_error", 500},
    NamedStatus{"InternalServerError", 500},
    NamedStatus{"service_unavailable_error", 503},
    NamedStatus{"server_is_overloaded", 503},
    NamedStatus{"overloaded", 503},
    NamedStatus{"timeout_error", 504},
    NamedStatus{"vector_store_timeout", 504},
    NamedStatus{"overloaded_error", 529},
};

// Of a number or of its digits as a text.
std::optional<int> stated_status(const JsonValue& value) {
  std::string_view digits = value.raw();
  if (digits.size() == 5 && value.is_string()) digits = digits.substr(1, 3);
  int status = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, status);
  if (read.ec != std::errc() || read.ptr != end || status < 400 || status > 599) return {};
  return status;
}

std::optional<int> named_status(const JsonValue& value) {
  const auto known = std::ranges::find_if(
      kNamedStatuses, [&](const NamedStatus& named) { return value.is_text(named.name); });
  if (known == kNamedStatuses.end()) return {};
  return known->status;
}

template <std::size_t Count, class Read>
std::optional<int> first_of(const JsonValue& error, const std::array<std::string_view, Count>& keys,
                            Read read) {
  for (const std::string_view key : keys) {
    const std::optional<JsonValue> value = error.find(key);
    if (!value) continue;
    if (const std::optional<int> status = read(*value)) return status;
  }
  return {};
}

constexpr std::array<std::string_view, 3> kStating = {"code", "status", "status_code"};
// OpenAI's code says more than its type: a model that does not exist is an invalid_request_error.
constexpr std::array<std::string_view, 2> kNaming = {"code", "type"};

}  // namespace

std::string event_data(std::string_view event) {
  return read_event(event).data;
}

int status_of_error(std::string_view text) {
  const auto document = JsonDocument::read(text);
  if (!document || !document->root().is_object()) return kUnknown;
  const JsonValue whole = document->root();
  std::optional<JsonValue> own = whole.find("error");
  const std::optional<JsonValue> response = whole.find("response");
  if (!own && response) own = response->find("error");
  const bool has_own = own && own->is_object();
  const JsonValue error = has_own ? *own : whole;
  if (const auto status = first_of(error, kStating, stated_status)) return *status;
  if (has_own) {
    if (const auto status = first_of(whole, kStating, stated_status)) return *status;
  }
  return first_of(error, kNaming, named_status).value_or(kUnknown);
}

}  // namespace penstock::wire
