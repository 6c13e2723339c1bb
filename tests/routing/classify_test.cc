#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/failure.h"

namespace penstock::routing {
namespace {

using enum FailureClass;

struct Answered {
  FailureClass failure;
  int status;
  std::string_view text;
};

std::string name(FailureClass failure) {
  return std::string(name_of(failure));
}

std::string class_of(int status, std::string_view text, const config::RetryRules& rules = {}) {
  return name(classify({.status = status, .text = text}, rules));
}

void expect_classes(const std::vector<Answered>& all) {
  for (const auto& [failure, status, text] : all) {
    EXPECT_EQ(class_of(status, text), name(failure)) << status << ' ' << text;
  }
}

TEST(Classify, JudgesAnAnswerWithoutAWordByItsStatus) {
  for (const auto& [failure, status, text] :
       std::vector<Answered>{{kServer, 301, ""},      {kServer, 307, ""},     {kCaller, 400, ""},
                             {kCredential, 401, ""},  {kQuota, 402, ""},      {kCaller, 403, ""},
                             {kCaller, 404, ""},      {kCaller, 405, ""},     {kConflict, 408, ""},
                             {kConflict, 409, ""},    {kNotHere, 410, ""},    {kCaller, 413, ""},
                             {kCaller, 415, ""},      {kCaller, 422, ""},     {kConflict, 425, ""},
                             {kRateLimited, 429, ""}, {kServer, 500, ""},     {kServer, 501, ""},
                             {kServer, 502, ""},      {kOverloaded, 503, ""}, {kServer, 504, ""},
                             {kServer, 520, ""},      {kOverloaded, 529, ""}, {kServer, 599, ""}}) {
    EXPECT_EQ(class_of(status, text), name(failure)) << status;
    EXPECT_EQ(class_of(status, "<html>an error</html>"), name(failure)) << status;
    EXPECT_EQ(class_of(status, "{}"), name(failure)) << status;
  }
}

// Case 27.
TEST(Classify, KnowsASpentQuotaFromALimitOfTheRate) {
  expect_classes({
      {kQuota, 429,
       R"({"error":{"message":"You exceeded your current quota, please check your plan and )"
       R"(billing )"
       R"(details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})"},
      {kQuota, 400, R"({"error":{"code":"billing_hard_limit_reached","message":"x"}})"},
      {kQuota, 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance )"
       R"(is too low to access the Anthropic API. Please go to Plans & Billing."}})"},
      {kQuota, 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"You have reached )"
       R"(your )"
       R"(specified API usage limits. You will regain access on 2025-07-01 at 00:00 UTC."}})"},
      {kQuota, 402,
       R"({"error":{"message":"Insufficient Balance","code":"invalid_request_error"}})"},
      {kQuota, 429,
       R"({"code":"Some resource has been exhausted","error":"Your team 16f2 has either used all )"
       R"(available credits or reached its monthly spending limit."})"},
      {kQuota, 401, R"({"error":{"type":"insufficient_quota","message":"x","code":401}})"},
      {kQuota, 429,
       R"({"error":{"type":"usage_limit_reached","message":"x","resets_in_seconds":4000}})"},
      {kQuota, 403, R"({"error":{"code":"insufficient_user_quota","message":"x"}})"},
      {kQuota, 429,
       R"({"message":"You are using a Trial key, which is limited to 1000 API calls / month."})"},
      // Google says the same words about a minute's quota, and that of a day ends in 36 s, too.
      {kRateLimited, 429,
       R"([{"error":{"code":429,"message":"You exceeded your current quota, please check your )"
       R"(plan","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"Generate)"
       R"(RequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"36s"}]}}])"},
      {kRateLimited, 429,
       R"({"error":{"message":"Rate limit reached for gpt-4o on tokens per min (TPM): Limit )"
       R"(30000",)"
       R"("type":"tokens","param":null,"code":"rate_limit_exceeded"}})"},
      {kRateLimited, 400, R"({"__type":"com.amazonaws.bedrock#ThrottlingException:http://x"})"},
      {kRateLimited, 429,
       R"({"object":"error","message":"Service tier capacity exceeded for this model.",)"
       R"("type":"invalid_request_error","param":null,"code":null})"},
  });
}

TEST(Classify, LeavesATargetAloneOnlyForWhatConcernsAllRequests) {
  // One request that is larger than what the account may send in a minute.
  expect_classes({
      {kConflict, 413,
       R"({"error":{"message":"Request too large for model `llama` in organization `o` on tokens )"
       R"(per minute (TPM): Limit 6000, Requested 12328","type":"tokens","code":)"
       R"("rate_limit_exceeded"}})"},
      {kConflict, 429,
       R"({"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, )"
       R"(Requested 342389.","type":"tokens","code":"rate_limit_exceeded"}})"},
  });
}

TEST(Classify, KnowsAnOverloadedServiceWhateverItsStatus) {
  expect_classes({
      {kOverloaded, 529,
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
      {kOverloaded, 500,
       R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"},
      {kOverloaded, 503, R"({"error":{"code":"server_is_overloaded","message":"x"}})"},
      {kOverloaded, 429,
       R"({"error":{"message":"The engine is currently overloaded, please try again later",)"
       R"("type":"engine_overloaded_error"}})"},
      {kOverloaded, 429, R"({"error":"Model is overloaded","error_type":"overloaded"})"},
      {kOverloaded, 498, R"({"error":{"message":"Flex tier capacity exceeded"}})"},
      {kOverloaded, 503, R"({"error":{"code":503,"message":"Loading model","type":"x"}})"},
      {kOverloaded, 502, "The server is overloaded."},
  });
}

// Case 29.
TEST(Classify, KnowsAModelThatIsNotThereFromAnyOtherThing) {
  expect_classes({
      {kNotHere, 404,
       R"({"error":{"message":"The model `x` does not exist or you do not have access to it.",)"
       R"("type":"invalid_request_error","param":null,"code":"model_not_found"}})"},
      {kNotHere, 404,
       R"({"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource )"
       R"(does not exist."}})"},
      {kNotHere, 404,
       R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}})"},
      {kNotHere, 404,
       R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError",)"
       R"("param":null,"code":404})"},
      {kNotHere, 404, R"({"error":"model 'x' not found"})"},
      {kNotHere, 404,
       R"({"error":{"code":404,"message":"models/x is not found for API version v1beta, or is not )"
       R"(supported for generateContent.","status":"NOT_FOUND"}})"},
      {kNotHere, 400, R"({"error":{"message":"x","code":"model_decommissioned"}})"},
      {kNotHere, 400, R"({"object":"error","message":"Invalid model: x","type":"invalid_model"})"},
      {kNotHere, 404, R"({"error":{"message":"No endpoints found for x.","code":404}})"},
      {kNotHere, 400, R"({"message":"The provided model identifier is invalid."})"},
      {kNotHere, 404,
       R"({"status":404,"title":"Not Found","detail":"Function 'f': Not found for account 'a'"})"},
      {kNotHere, 403, R"({"error":{"code":"unsupported_country_region_territory","message":"x"}})"},
      {kCaller, 404,
       R"({"error":{"message":"Invalid URL","type":)"
       R"("invalid_request_error","param":null,"code":null}})"},
      {kCaller, 404, R"({"detail":"Not Found"})"},
      {kCaller, 400, R"({"error":{"message":"The model output must be text"}})"},
      {kCaller, 404,
       R"({"type":"error","error":{"type":"not_found_error","message":"Not found"}})"},
      {kCaller, 404, R"({"error":{"code":"404","message":"Resource not found"}})"},
      {kCaller, 404,
       R"({"error":{"message":"Previous response with id 'resp_1' not found.","code":)"
       R"("previous_response_not_found"}})"},
  });
}

// Case 30.
TEST(Classify, KnowsAPromptThatIsTooLongInAllSpellings) {
  const std::vector<std::string_view> messages = {
      "This model's maximum context length is 128000 tokens. However, your messages resulted in "
      "204308 tokens. Please reduce the length of the messages.",
      "Your input exceeds the context window of this model. Please adjust your input.",
      "prompt is too long: 201130 tokens > 200000 maximum",
      "input length and `max_tokens` exceed context limit: 143653 + 64000 > 200000",
      "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).",
      "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      "Please reduce the length of the messages or completion.",
      "the request exceeds the available context size, try increasing it",
      "Input is too long for requested model.",
      "prompt token count of 1 exceeds the limit of 0",
      "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum "
      "context length",
      "too many tokens: total number of tokens in the prompt cannot exceed 4081",
      "Prefill 744 tokens exceed n_ctx_per_seq",
      "the input length exceeds the context length",
      "Range of input length should be [1, 30720]",
  };
  for (const std::string_view message : messages) {
    const std::string said = R"("message":")" + std::string(message) + '"';
    EXPECT_EQ(class_of(400, "{\"error\":{" + said + "}}"), "context") << message;
    EXPECT_EQ(class_of(400, "{" + said + ",\"object\":\"error\"}"), "context") << message;
  }
  expect_classes({
      {kContext, 400, R"({"error":{"message":"x","code":"context_length_exceeded"}})"},
      {kContext, 413, R"({"error":{"message":"x","code":"context_length_exceeded"}})"},
      {kContext, 400,
       R"({"error":{"code":400,"message":"x","type":"exceed_context_size_error","n_ctx":8}})"},
      {kContext, 500,
       R"({"error":{"code":500,"message":"Context size has been )"
       R"(exceeded.","type":"server_error"}})"},
      {kContext, 422,
       R"({"error":"Input validation error: `inputs` must have less than 4096 tokens. Given: 9",)"
       R"("error_type":"validation"})"},
      // The error of an upstream's upstream.
      {kContext, 400,
       R"({"error":{"message":"Provider returned error","code":400,"metadata":{"raw":)"
       R"("{\"error\":{\"message\":\"This model's maximum context length is 9 tokens.\"}}"}}})"},
      // Of tokens, and not of the prompt's length.
      {kRateLimited, 429, R"({"message":"Too many tokens, please wait before trying again."})"},
      {kCaller, 413, R"({"type":"error","error":{"type":"request_too_large","message":"x"}})"},
      {kCaller, 400, R"({"error":{"message":"max_tokens must be at most 16384"}})"},
  });
}

TEST(Classify, KnowsRefusedContent) {
  expect_classes({
      {kPolicy, 400,
       R"({"error":{"message":"The response was filtered due to the prompt","code":)"
       R"("content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})"},
      {kPolicy, 400, R"({"error":{"code":"content_policy_violation","message":"x"}})"},
      {kPolicy, 400,
       R"({"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating )"
       R"(our usage policy.","code":"invalid_prompt"}})"},
      {kPolicy, 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by )"
       R"(content filtering policy"}})"},
      {kPolicy, 403,
       R"({"error":{"code":403,"message":"Your chosen model requires moderation and your input )"
       R"(was flagged","metadata":{"reasons":["violence"]}}})"},
      {kPolicy, 400, R"({"error":{"message":"Content Exists Risk"}})"},
      {kPolicy, 400, R"({"code":"DataInspectionFailed","message":"x"})"},
      {kCaller, 400,
       R"({"error":{"message":"Invalid prompt: it is empty","code":"invalid_prompt"}})"},
  });
}

TEST(Classify, KnowsAnItemThatAnotherAccountHasSealed) {
  expect_classes({
      {kSealed, 400,
       R"({"error":{"message":"The encrypted content gAAA...DQ== could not be verified.","type":)"
       R"("invalid_request_error","param":null,"code":"invalid_encrypted_content"}})"},
      {kSealed, 400,
       R"({"error":{"message":"The encrypted content gAAA could not be verified."}})"},
      {kSealed, 400,
       R"({"type":"error","error":{"type":"invalid_request_error","message":)"
       R"("messages.1.content.0: Invalid `signature` in `thinking` block"}})"},
      {kSealed, 400,
       R"({"error":{"code":400,"message":"{\"type\":\"error\",\"error\":{\"type\":)"
       R"(\"invalid_request_error\",\"message\":\"messages.1.content.0: Invalid `signature` in )"
       R"(`thinking`       block\"}}","status":"INVALID_ARGUMENT"}})"},
      {kSealed, 400,
       R"({"error":{"message":"messages.7.content.2: Invalid signature in thinking )"
       R"(block"}})"},
      {kSealed, 400, R"({"error":{"message":"Thought signature is not valid."}})"},
  });
}

// Case 26.
TEST(Classify, TellsTheOperatorsKeyFromTheCallers) {
  for (const auto& [failure, status, text] : std::vector<Answered>{
           {kCredential, 401,
            R"({"error":{"code":"invalid_api_key","message":"Incorrect API key )"
            R"(provided: sk-1"}})"},
           {kCredential, 401, ""},
           {kCredential, 403,
            R"({"message":"The security token included in the request is )"
            R"(invalid."})"},
           {kCredential, 403, R"({"error":{"message":"Your API key is disabled"}})"},
           {kCredential, 400,
            R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.",)"
            R"("details":[{"reason":"API_KEY_INVALID"}]}})"},
           {kCredential, 400,
            R"({"code":"Client specified an invalid argument","error":"Incorrect )"
            R"(API key provided: ba***na."})"},
           {kQuota, 402, ""}}) {
    EXPECT_EQ(class_of(status, text), name(failure)) << text;
    EXPECT_EQ(name(classify({.status = status, .text = text, .operators_key = false}, {})),
              "caller")
        << text;
  }
  // Not about a key.
  expect_classes({{kCaller, 403, R"({"error":{"type":"permission_error","message":"x"}})"}});
}

struct Named {
  FailureClass failure;
  int status;
  std::string_view field;
  std::string_view value;
  std::string_view text = R"({"message":"x"})";
};

std::string class_of(const Named& named) {
  const auto field = [&](std::string_view name) {
    return name == named.field ? std::optional(named.value) : std::nullopt;
  };
  return name(classify({.status = named.status, .text = named.text, .field = field}, {}));
}

// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
TEST(Classify, KnowsTheKindThatAmazonNamesInTheHead) {
  constexpr std::string_view kField = "x-amzn-errortype";
  for (const Named& named : std::vector<Named>{
           {kRateLimited, 429, kField, "ThrottlingException"},
           {kRateLimited, 400, kField, "ThrottlingException"},
           {kQuota, 400, kField, "ServiceQuotaExceededException"},
           {kOverloaded, 429, kField, "ModelNotReadyException"},
           {kOverloaded, 503, kField, "ServiceUnavailableException"},
           {kConflict, 408, kField, "ModelTimeoutException"},
           {kServer, 424, kField, "ModelErrorException"},
           {kServer, 424, kField, "ModelStreamErrorException"},
           {kServer, 500, kField, "InternalServerException"},
           {kCredential, 403, kField, "AccessDeniedException"},
           {kCredential, 403, kField, "ExpiredTokenException"},
           {kCredential, 400, kField, "IncompleteSignature"},
           {kCredential, 403, kField, "InvalidClientTokenId"},
           {kCredential, 403, kField, "MissingAuthenticationTokenException"},
           {kCredential, 400, kField, "NotAuthorized"},
           {kCredential, 403, kField, "OptInRequired"},
           {kCredential, 400, kField, "RequestExpired"},
           {kCredential, 403, kField, "UnrecognizedClientException"},
           {kCaller, 400, kField, "ValidationException"},
           {kCaller, 404, kField, "ResourceNotFoundException"},
           // With the place of the kind, and of a kind in a namespace.
           {kQuota, 400, kField, "ServiceQuotaExceededException:http://internal.amazon.com/coral/"},
           {kQuota, 400, kField, "com.amazon#ServiceQuotaExceededException:http://x/#y"},
           {kQuota, 400, kField, "ServiceQuotaExceededException", ""},
           // What the message says tells more.
           {kNotHere, 403, kField, "AccessDeniedException",
            R"({"message":"You don't have access to the model with the specified model ID."})"},
           {kNotHere, 404, kField, "ResourceNotFoundException",
            R"({"message":"Could not resolve the foundation model from the provided model )"
            R"(identifier."})"},
           {kNotHere, 404, kField, "ResourceNotFoundException",
            R"({"message":"Model use case details have not been submitted for this account."})"},
           {kNotHere, 404, kField, "ResourceNotFoundException",
            R"({"message":"This model version has reached the end of its life."})"},
           {kContext, 400, kField, "ValidationException",
            R"({"message":"Input is too long for requested model."})"},
           {kCaller, 400, "x-other", "ServiceQuotaExceededException"}}) {
    EXPECT_EQ(class_of(named), name(named.failure)) << named.value << ' ' << named.text;
  }
}

// https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md
TEST(Classify, KnowsTheCodeThatAzureNamesInTheHead) {
  for (const Named& named :
       std::vector<Named>{{kNotHere, 404, "x-ms-error-code", "DeploymentNotFound", ""},
                          {kPolicy, 400, "x-ms-error-code", "content_filter", "<html>"},
                          {kQuota, 429, "x-ms-error-code", "insufficient_quota"},
                          {kCaller, 404, "x-ms-error-code", "NotFound"}}) {
    EXPECT_EQ(class_of(named), name(named.failure)) << named.value;
  }
}

// A caller writes it, and the service repeats it: others' requests must not suffer.
TEST(Classify, DoesNotTakeWhatAnErrorQuotesForItsOwnWord) {
  for (const std::string_view said :
       {"Your credit balance is too low", "API key not valid", "insufficient balance",
        "The model x does not exist", "insufficient_quota", "model_not_found"}) {
    const std::string quoted(said);
    for (const std::string& text :
         {R"({"error":{"message":"Invalid value: ')" + quoted + R"('. Use 'user'.","code":null}})",
          R"({"detail":[{"type":"x","msg":"Input should be 'user'","input":")" + quoted + R"("}]})",
          R"({"error":{"message":"x","param":")" + quoted + R"("},"metadata":{"code":")" + quoted +
              R"("}})",
          R"({"type":"response.failed","response":{"metadata":{"code":")" + quoted +
              R"("},"error":{"code":"invalid_prompt"}}})",
          R"({"type":"response.failed","response":{"metadata":{"raw":"{\"code\":\")" + quoted +
              R"(\"}"},"error":{"code":"invalid_prompt"}}})",
          R"({"error":{"message":"x \")" + quoted + R"(\" \"code\":\")" + quoted}) {
      EXPECT_EQ(class_of(400, text), "caller") << text;
    }
  }
}

TEST(Classify, ReadsAsMuchOfACutBodyAsThereIs) {
  EXPECT_EQ(class_of(429, R"({"error":{"code":"insufficient_quota","message":"You exc)"), "quota");
  EXPECT_EQ(class_of(400, R"({"error": {"message": "prompt is too long: 201130 tok)"), "context");
  EXPECT_EQ(class_of(400, R"({"error":{"message":"x \"y\": prompt is too long)"), "context");
  EXPECT_EQ(class_of(400, "prompt is too long"), "context");
  EXPECT_EQ(class_of(400, R"({"error":{"message":")" + std::string(100'000, 'x') + R"("}})"),
            "caller");
}

// Cases 31, 33 and 34.
TEST(Classify, JudgesAnErrorEventOfASuccessByWhatItSays) {
  expect_classes({
      {kRateLimited, 200, R"({"error":{"code":"rate_limit_exceeded","message":"x"}})"},
      {kOverloaded, 200, R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})"},
      {kRateLimited, 200,
       R"({"type":"response.failed","response":{"status":"failed","error":{"code":)"
       R"("rate_limit_exceeded","message":"x"}}})"},
      {kServer, 200,
       R"({"type":"response.failed","response":{"error":{"code":"server_error","message":"x"}}})"},
      {kContext, 200,
       R"({"type":"response.failed","response":{"error":{"code":"context_length_exceeded"}}})"},
      {kServer, 200, "boom"},
      {kServer, 200, R"({"error":"boom"})"},
      {kCaller, 200, R"({"error":{"type":"invalid_request_error","message":"x"}})"},
      {kRateLimited, 429, R"({"error":{"code":"rate_limit_exceeded","message":"x"}})"},
  });
}

TEST(Classify, ObeysTheStatusesOfTheOperator) {
  config::RetryRules rules;
  rules.on_statuses = {400, 404, 422};
  rules.never_on_statuses = {500, 429};
  EXPECT_EQ(class_of(422, "", rules), "server");
  EXPECT_EQ(class_of(404, "", rules), "server");
  EXPECT_EQ(class_of(405, "", rules), "caller");
  EXPECT_EQ(class_of(500, "", rules), "caller");
  EXPECT_EQ(class_of(429, R"({"error":{"code":"insufficient_quota"}})", rules), "caller");
  EXPECT_EQ(class_of(503, "", rules), "overloaded");
  // What it says is still better known than its status.
  EXPECT_EQ(class_of(400, R"({"error":{"code":"context_length_exceeded"}})", rules), "context");
  EXPECT_EQ(class_of(404, R"({"error":{"code":"model_not_found"}})", rules), "not_here");
}

struct Failed {
  ErrorKind kind;
  RetryClass retry;
  AttemptPhase phase;
  FailureClass failure;
};

TEST(Classify, JudgesAnErrorOfOurOwnByItsPhase) {
  using Phase = AttemptPhase;
  constexpr auto kNever = RetryClass::kNever;
  for (const auto& [kind, retry, phase, failure] : std::vector<Failed>{
           {ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent, Phase::kConnect, kUnsent},
           {ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent, Phase::kHead, kUnsent},
           {ErrorKind::kUpstreamReset, RetryClass::kNothingSent, Phase::kHead, kUnsent},
           {ErrorKind::kUpstreamReset, RetryClass::kStaleConnection, Phase::kHead, kUnsent},
           {ErrorKind::kUpstreamReset, kNever, Phase::kHead, kLost},
           {ErrorKind::kUpstreamReset, kNever, Phase::kFirstContent, kLost},
           {ErrorKind::kUpstreamReset, kNever, Phase::kBody, kBrokenStream},
           {ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent, Phase::kConnect,
            kTimeoutConnect},
           {ErrorKind::kUpstreamTimeout, kNever, Phase::kHead, kTimeoutFirstByte},
           {ErrorKind::kUpstreamTimeout, kNever, Phase::kFirstContent, kTimeoutFirstToken},
           {ErrorKind::kUpstreamTimeout, kNever, Phase::kBody, kBrokenStream},
           {ErrorKind::kUpstreamInvalidResponse, kNever, Phase::kHead, kServer},
           {ErrorKind::kUpstreamInvalidResponse, kNever, Phase::kBody, kBrokenStream},
           {ErrorKind::kUpstreamRedirect, kNever, Phase::kHead, kServer},
           {ErrorKind::kOverloaded, kNever, Phase::kConnect, kConflict},
           {ErrorKind::kClientGone, kNever, Phase::kBody, kGone},
           {ErrorKind::kCancelled, kNever, Phase::kConnect, kGone},
           {ErrorKind::kShuttingDown, kNever, Phase::kHead, kGone},
           {ErrorKind::kUpstreamForbidden, kNever, Phase::kConnect, kCaller},
           {ErrorKind::kRequestTimeout, kNever, Phase::kHead, kCaller},
           {ErrorKind::kInternal, kNever, Phase::kHead, kCaller}}) {
    EXPECT_EQ(name(classify(Error(kind, retry, "x"), phase)), name(failure))
        << penstock::name_of(kind) << ' ' << static_cast<int>(phase);
  }
}

// Ferro and its users: what must not open a breaker.
TEST(Classify, NeverCountsACallersMistakeAgainstATarget) {
  for (const auto& [failure, status, text] :
       std::vector<Answered>{{kCaller, 400, ""}, {kRateLimited, 429, ""}, {kCaller, 422, ""}}) {
    EXPECT_FALSE(rule_of(classify({.status = status, .text = text}, {})).counts_for_health);
  }
  EXPECT_TRUE(rule_of(classify({.status = 302}, {})).counts_for_health);
  EXPECT_TRUE(rule_of(classify({.status = 500}, {})).counts_for_health);
}

}  // namespace
}  // namespace penstock::routing
