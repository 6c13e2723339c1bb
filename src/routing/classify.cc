// classify(): tables of what services say, in the order in which they count.
//
// A word that stands alone as a code is a service's own. A message may quote the request. So a
// message that could keep others' requests from a target (a quota that is spent, a model that is
// not known, a key that is refused) has to begin with known words, and only one whose class
// concerns this request alone may say them anywhere.

#include <algorithm>
#include <array>
#include <string>

#include "routing/failure.h"
#include "routing/said_error.h"
#include "wire/apis/error_answer.h"
#include "wire/apis/error_event.h"

namespace penstock::routing {
namespace {

using enum FailureClass;

struct Sign {
  enum class Where : std::uint8_t { kCode, kBegins, kSays };

  FailureClass failure;
  Where where;
  std::string_view word;       // in lower case
  std::string_view also = {};  // a message has to say this, too
  int from = 400;              // with these statuses
  int to = 599;
};

constexpr auto kCode = Sign::Where::kCode;
constexpr auto kBegins = Sign::Where::kBegins;
constexpr auto kSays = Sign::Where::kSays;

constexpr Sign kSigns[] = {
    // An item that another account has sealed: reasoning of Responses, thinking of Messages and of
    // Gemini.
    {kSealed, kCode, "invalid_encrypted_content"},
    {kSealed, kSays, "encrypted content", "could not be verified", 400, 499},
    {kSealed, kSays, "signature", "in `thinking`", 400, 499},
    {kSealed, kSays, "signature", "in thinking", 400, 499},
    {kSealed, kSays, "thought signature", "not valid", 400, 499},
    {kSealed, kSays, "corrupted thought signature", "", 400, 499},

    // The content is refused.
    {kPolicy, kCode, "content_filter"},
    {kPolicy, kCode, "content_policy_violation"},
    {kPolicy, kCode, "image_content_policy_violation"},
    {kPolicy, kCode, "responsibleaipolicyviolation"},  // Azure
    {kPolicy, kCode, "moderation_blocked"},            // OpenAI, images
    {kPolicy, kCode, "prohibited_content"},            // Gemini
    {kPolicy, kCode, "data_inspection_failed"},        // DashScope
    {kPolicy, kCode, "datainspectionfailed"},
    {kPolicy, kSays, "content filtering policy", "", 400, 499},                   // Anthropic
    {kPolicy, kSays, "content management policy", "", 400, 499},                  // Azure
    {kPolicy, kSays, "flagged as potentially violating", "", 400, 499},           // OpenAI
    {kPolicy, kSays, "rejected as a result of our safety system", "", 400, 499},  // OpenAI, images
    {kPolicy, kSays, "requires moderation", "flagged", 400, 499},                 // OpenRouter
    {kPolicy, kSays, "content violates usage guidelines", "", 400, 499},          // xAI
    {kPolicy, kSays, "content exists risk", "", 400, 499},                        // DeepSeek

    // The prompt is too long for the model. Some servers find out as they work, and answer 500.
    {kContext, kCode, "context_length_exceeded"},
    {kContext, kCode, "context_window_exceeded"},
    {kContext, kCode, "contextwindowexceedederror"},  // LiteLLM
    {kContext, kCode, "exceed_context_size_error"},   // llama.cpp
    {kContext, kCode, "string_above_max_length", "", 400, 499},
    {kContext, kSays, "prompt is too long", "", 400, 500},      // Anthropic
    {kContext, kSays, "maximum context length", "", 400, 500},  // OpenAI, vLLM, OpenRouter, Mistral
    {kContext, kSays, "model's context length", "", 400, 500},  // SGLang
    {kContext, kSays, "exceeds the context window", "", 400, 500},  // Responses
    {kContext, kSays, "exceed context limit", "", 400, 500},        // Anthropic, with max_tokens
    {kContext, kSays, "input token count", "exceeds the maximum", 400, 500},  // Gemini
    {kContext, kSays, "maximum prompt length", "", 400, 500},                 // xAI
    {kContext, kSays, "reduce the length of the", "", 400, 500},              // Groq
    {kContext, kSays, "available context size", "", 400, 500},                // llama.cpp
    {kContext, kSays, "context size has been exceeded", "", 400, 500},        // llama.cpp
    {kContext, kSays, "exceed n_ctx", "", 400, 500},                          // llama.cpp
    {kContext, kSays, "exceeds the context length", "", 400, 500},            // Ollama
    {kContext, kSays, "greater than the context length", "", 400, 500},       // LM Studio
    {kContext, kSays, "input is too long", "", 400, 500},                     // Bedrock
    {kContext, kSays, "prompt token count", "exceeds the limit", 400, 500},   // GitHub Copilot
    {kContext, kSays, "context window exceeds limit", "", 400, 500},          // MiniMax
    {kContext, kSays, "exceeded model token limit", "", 400, 500},            // Moonshot
    {kContext, kSays, "range of input length should be", "", 400, 500},       // DashScope
    {kContext, kSays, "too many tokens", "cannot exceed", 400, 400},          // Cohere
    {kContext, kSays, "inputs` must have less than", "", 400, 422},  // text-generation-inference
    {kContext, kSays, "`inputs` tokens + `max_new_tokens` must be", "", 400, 422},

    // A single request that is larger than what an account may send in a minute. It never passes
    // here, and others do: the target is neither ill nor to be left alone.
    {kConflict, kBegins, "request too large for", "limit", 413, 429},  // Groq, OpenAI

    // The account's money or quota is spent.
    {kQuota, kCode, "insufficient_quota"},
    {kQuota, kCode, "insufficient_user_quota"},
    {kQuota, kCode, "billing_hard_limit_reached"},
    {kQuota, kCode, "billing_not_active"},
    {kQuota, kCode, "billing_error"},
    {kQuota, kCode, "billing_disabled"},     // Google
    {kQuota, kCode, "usage_limit_reached"},  // ChatGPT's plans
    {kQuota, kCode, "credit_balance_exhausted"},
    {kQuota, kCode, "insufficient_balance"},
    {kQuota, kCode, "exceeded_current_quota_error"},   // Moonshot
    {kQuota, kCode, "servicequotaexceededexception"},  // Bedrock
    {kQuota, kCode, "arrearage"},                      // DashScope
    {kQuota, kCode, "allocationquota.freetieronly"},
    {kQuota, kBegins, "your credit balance is too low"},  // Anthropic
    {kQuota, kBegins, "you have reached your specified api usage limits"},
    {kQuota, kBegins, "insufficient balance"},                      // DeepSeek
    {kQuota, kBegins, "insufficient credits"},                      // OpenRouter
    {kQuota, kBegins, "rate limit exceeded: free-models-per-day"},  // OpenRouter
    {kQuota, kBegins, "your team ", "used all available credits"},  // xAI
    {kQuota, kBegins, "you are using a trial key", "/ month"},      // Cohere
    {kQuota, kBegins, "billing hard limit has been reached"},
    {kQuota, kBegins, "account ", "is suspended", 400, 499},  // Fireworks

    // The model is not known here, or not to this account.
    {kNotHere, kCode, "model_not_found"},
    {kNotHere, kCode, "deploymentnotfound"},    // Azure
    {kNotHere, kCode, "model_decommissioned"},  // Groq
    {kNotHere, kCode, "model_deprecated"},
    {kNotHere, kCode, "model_not_available"},  // Together
    {kNotHere, kCode, "model_not_supported"},
    {kNotHere, kCode, "model_terms_required"},  // Groq
    {kNotHere, kCode, "model_permission_blocked_org"},
    {kNotHere, kCode, "model_permission_blocked_project"},
    {kNotHere, kCode, "invalid_model"},  // Mistral
    {kNotHere, kCode, "unknown_model"},
    {kNotHere, kCode, "unavailable_model"},
    {kNotHere, kCode, "endpoint_not_found"},  // Databricks
    {kNotHere, kCode, "unsupported_country_region_territory"},
    {kNotHere, kBegins, "model: ", "", 404, 404},                   // Anthropic
    {kNotHere, kBegins, "the model ", "does not exist", 400, 404},  // OpenAI, vLLM, xAI
    {kNotHere, kBegins, "the model ", "has been deprecated", 400, 404},
    {kNotHere, kBegins, "the model ", "has been decommissioned", 400, 404},
    {kNotHere, kBegins, "model ", "not found", 404, 404},                      // Ollama, Cohere
    {kNotHere, kBegins, "model not found", "", 404, 404},                      // Fireworks
    {kNotHere, kBegins, "invalid model name passed", "", 400, 404},            // LiteLLM
    {kNotHere, kBegins, "invalid model: ", "", 400, 404},                      // Mistral
    {kNotHere, kBegins, "models/", "is not found for api version", 404, 404},  // Gemini
    {kNotHere, kBegins, "publisher model ", "was not found", 404, 404},        // Vertex
    {kNotHere, kBegins, "function ", "not found for account", 404, 404},       // NVIDIA
    {kNotHere, kBegins, "no endpoints found", "", 404, 404},                   // OpenRouter
    {kNotHere, kBegins, "the provided model identifier is invalid", "", 400, 400},  // Bedrock
    {kNotHere, kBegins, "invocation of model id ", "isn't supported", 400, 400},
    {kNotHere, kBegins, "could not resolve the foundation model", "", 400, 404},
    {kNotHere, kBegins, "this model version has reached the end of its life", "", 400, 404},
    {kNotHere, kBegins, "model use case details have not been submitted", "", 400, 404},
    {kNotHere, kBegins, "you don't have access to the model", "", 400, 403},
    {kNotHere, kBegins, "user location is not supported", "", 400, 403},  // Gemini

    // Our key is refused, in a way of its own. See also is_refusal().
    {kCredential, kCode, "api_key_invalid", "", 400, 403},  // Google
    {kCredential, kCode, "api_key_expired", "", 400, 403},
    {kCredential, kCode, "consumer_suspended", "", 400, 403},
    {kCredential, kCode, "service_disabled", "", 400, 403},
    {kCredential, kCode, "organization_restricted", "", 400, 403},  // Groq
    {kCredential, kCode, "accessdeniedexception", "", 400, 403},    // AWS
    {kCredential, kCode, "expiredtokenexception", "", 400, 403},
    {kCredential, kCode, "incompletesignature", "", 400, 403},
    {kCredential, kCode, "incompletesignatureexception", "", 400, 403},
    {kCredential, kCode, "invalidclienttokenid", "", 400, 403},
    {kCredential, kCode, "invalidsignatureexception", "", 400, 403},
    {kCredential, kCode, "missingauthenticationtokenexception", "", 400, 403},
    {kCredential, kCode, "notauthorized", "", 400, 403},
    {kCredential, kCode, "optinrequired", "", 400, 403},
    {kCredential, kCode, "requestexpired", "", 400, 403},
    {kCredential, kCode, "unrecognizedclientexception", "", 400, 403},
    {kCredential, kBegins, "api key not valid", "", 400, 403},           // Google
    {kCredential, kBegins, "incorrect api key provided", "", 400, 403},  // xAI answers 400

    // Too much is asked of it at present.
    {kOverloaded, kCode, "overloaded_error"},
    {kOverloaded, kCode, "overloaded"},
    {kOverloaded, kCode, "server_is_overloaded"},
    {kOverloaded, kCode, "engine_overloaded"},
    {kOverloaded, kCode, "engine_overloaded_error"},  // Moonshot
    {kOverloaded, kCode, "modelnotreadyexception"},   // Bedrock
    {kOverloaded, kCode, "serviceunavailableexception"},
    {kOverloaded, kCode, "capacity_exceeded"},
    {kOverloaded, kSays, "capacity exceeded", "", 498, 498},  // Groq
    {kOverloaded, kSays, "overloaded", "", 500, 502},

    // Too often or too fast, with a status of its own, or in an event.
    {kRateLimited, kCode, "rate_limit_exceeded", "", 400, 429},
    {kRateLimited, kCode, "rate_limit_error", "", 400, 429},
    {kRateLimited, kCode, "ratelimitexceeded", "", 400, 429},
    {kRateLimited, kCode, "resource_exhausted"},
    {kRateLimited, kCode, "throttlingexception"},
    {kRateLimited, kCode, "throttling"},

    {kServer, kCode, "modelerrorexception"},  // Bedrock: 424
    {kServer, kCode, "modelstreamerrorexception"},
    {kServer, kCode, "internalserverexception"},
    {kConflict, kCode, "modeltimeoutexception"},  // Bedrock: 408, by what was asked
};

struct StatusClass {
  int from;
  int to;
  FailureClass failure;
};

// Where no sign says more. Every other status is the caller's mistake.
constexpr std::array kStatusClasses = std::to_array<StatusClass>({
    {300, 399, kServer},  // a redirect that was not followed
    {402, 402, kQuota},
    {408, 409, kConflict},
    {410, 410, kNotHere},
    {425, 425, kConflict},
    {429, 429, kRateLimited},
    {499, 499, kConflict},  // Google: cancelled, and not by us
    {503, 503, kOverloaded},
    {529, 529, kOverloaded},
    {500, 599, kServer},
});

template <class Value>
bool has(const auto& values, const Value& value) {
  return std::ranges::find(values, value) != values.end();
}

bool shows(const SaidError& said, const Sign& sign) {
  if (sign.where == kCode) return has(said.codes, sign.word);
  return std::ranges::any_of(said.messages, [&](const std::string& message) {
    const bool found =
        sign.where == kBegins ? message.starts_with(sign.word) : message.contains(sign.word);
    return found && message.contains(sign.also);
  });
}

// By the same rule as an answer that is passed on, but of what the service itself says.
bool is_refusal(int status, const SaidError& said) {
  std::string words;
  for (const std::string& code : said.codes) words.append(code).push_back('\n');
  for (const std::string& message : said.messages) words.append(message).push_back('\n');
  return status != 400 && wire::is_refusal_of_credential(status, words);
}

FailureClass class_of(int status, const SaidError& said) {
  for (const Sign& sign : kSigns) {
    if (status >= sign.from && status <= sign.to && shows(said, sign)) return sign.failure;
  }
  if (is_refusal(status, said)) return kCredential;
  for (const StatusClass& row : kStatusClasses) {
    if (status >= row.from && status <= row.to) return row.failure;
  }
  return kCaller;
}

// What an error of our own means, by the phase: while connecting, before the head, before the first
// content, and after it.
struct ErrorClass {
  ErrorKind kind;
  std::array<FailureClass, 4> by_phase;
};

constexpr std::array kErrorClasses = std::to_array<ErrorClass>({
    {ErrorKind::kClientGone, {kGone, kGone, kGone, kGone}},
    {ErrorKind::kCancelled, {kGone, kGone, kGone, kGone}},
    {ErrorKind::kShuttingDown, {kGone, kGone, kGone, kGone}},
    {ErrorKind::kUpstreamUnreachable, {kUnsent, kUnsent, kLost, kBrokenStream}},
    {ErrorKind::kUpstreamReset, {kUnsent, kLost, kLost, kBrokenStream}},
    {ErrorKind::kUpstreamTimeout,
     {kTimeoutConnect, kTimeoutFirstByte, kTimeoutFirstToken, kBrokenStream}},
    {ErrorKind::kUpstreamInvalidResponse, {kServer, kServer, kServer, kBrokenStream}},
    {ErrorKind::kUpstreamRedirect, {kServer, kServer, kServer, kServer}},
    // A limit of our own, such as on connections to this upstream: another one may have room, and
    // that we are busy is not its illness.
    {ErrorKind::kOverloaded, {kConflict, kConflict, kConflict, kBrokenStream}},
});

}  // namespace

FailureClass classify(const ErrorAnswer& answer, const config::RetryRules& rules) {
  const bool is_success = answer.status < 300;
  const int status = is_success ? wire::status_of_error(answer.text) : answer.status;
  if (has(rules.never_on_statuses, status)) return kCaller;
  FailureClass failure = class_of(status, read_error(answer.text, answer.field));
  // A key or an account of the caller's: no other target has to do with it.
  const bool is_about_the_key = failure == kCredential || failure == kQuota;
  if (is_about_the_key && !answer.operators_key) failure = kCaller;
  if (failure == kCaller && has(rules.on_statuses, status)) return kServer;
  return failure;
}

FailureClass classify(const Error& error, AttemptPhase phase) {
  if (error.kind == ErrorKind::kUpstreamReset && phase == AttemptPhase::kHead &&
      error.retry != RetryClass::kNever) {
    return kUnsent;
  }
  const auto row = std::ranges::find(kErrorClasses, error.kind, &ErrorClass::kind);
  if (row == kErrorClasses.end()) return kCaller;
  return row->by_phase.at(static_cast<std::size_t>(phase));
}

}  // namespace penstock::routing
