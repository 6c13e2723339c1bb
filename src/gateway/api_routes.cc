#include "gateway/api_routes.h"

#include <array>
#include <optional>

#include "gateway/pass.h"

namespace penstock::gateway {
namespace {

using wire::Api;

using wire::ModelIn;
using wire::ModelIs;
using wire::RequestShape;

constexpr std::string_view kLlm = "llm";
constexpr std::string_view kEmbedding = "embedding";
constexpr RequestShape kNamesModel = {.model_in = ModelIn::kTop, .model_is = ModelIs::kRequired};
constexpr RequestShape kMayNameModel = {.model_in = ModelIn::kTop, .model_is = ModelIs::kOptional};
constexpr RequestShape kBatch = {.model_in = ModelIn::kRequests, .model_is = ModelIs::kOptional};

constexpr config::Surface surface_of(Api api) {
  return api == Api::kMessages ? config::Surface::kAnthropic : config::Surface::kOpenAi;
}

constexpr routing::Family family_of(Api api, std::string_view model_type) {
  if (model_type == kEmbedding) return routing::Family::kEmbeddings;
  switch (api) {
    case Api::kCompletions:
    case Api::kResponses:
    case Api::kMessages:
      return routing::Family::kChat;
    case Api::kImages:
    case Api::kAudio:
      return routing::Family::kMedia;
    default:
      return routing::Family::kOther;
  }
}

// A request that makes an answer and nothing else.
constexpr RouteRow<Upstreams> ask(std::string_view path, Api api, std::string_view model_type,
                                  RequestShape shape = kNamesModel) {
  return {{"POST", path, Access::kKeyed,
           Passing{model_type, Repeatable::kYes, shape, surface_of(api), Spends::kYes,
                   ModelNamed::kNow, family_of(api, model_type)},
           api},
          pass};
}

// A request about objects that an upstream keeps. Whatever changes them is sent once.
constexpr RouteRow<Upstreams> object(std::string_view method, std::string_view path, Api api,
                                     std::optional<RequestShape> shape = std::nullopt) {
  const auto repeatable = method == "GET" ? Repeatable::kYes : Repeatable::kNo;
  return {{method, path, Access::kKeyed,
           Passing{{}, repeatable, shape, surface_of(api), Spends::kNo, ModelNamed::kEarlier}, api},
          pass};
}

// A path that no route knows, under a provider's prefix.
constexpr RouteRow<Upstreams> any_path(std::string_view method) {
  Passing passing;
  passing.repeatable = method == "GET" ? Repeatable::kYes : Repeatable::kNo;
  passing.spends = method == "POST" ? Spends::kYes : Spends::kNo;
  return {{method, kAnyPath, Access::kKeyed, passing, Api::kOther}, pass_any_path};
}

constexpr std::array kApiRoutes = {
    // Chat completions, and those that the upstream stores.
    ask("/v1/chat/completions", Api::kCompletions, kLlm),
    object("GET", "/v1/chat/completions", Api::kCompletions),
    object("GET", "/v1/chat/completions/{completion_id}", Api::kCompletions),
    object("POST", "/v1/chat/completions/{completion_id}", Api::kCompletions),
    object("DELETE", "/v1/chat/completions/{completion_id}", Api::kCompletions),
    object("GET", "/v1/chat/completions/{completion_id}/messages", Api::kCompletions),
    ask("/v1/completions", Api::kCompletions, kLlm),
    ask("/v1/embeddings", Api::kOther, kEmbedding),

    // Responses and conversations. A stored prompt may name the model.
    ask("/v1/responses", Api::kResponses, kLlm, kMayNameModel),
    ask("/v1/responses/compact", Api::kResponses, kLlm, kMayNameModel),
    ask("/v1/responses/input_tokens", Api::kResponses, kLlm, kMayNameModel),
    object("GET", "/v1/responses", Api::kResponses),
    object("GET", "/v1/responses/{response_id}", Api::kResponses),
    object("DELETE", "/v1/responses/{response_id}", Api::kResponses),
    object("POST", "/v1/responses/{response_id}/cancel", Api::kResponses),
    object("GET", "/v1/responses/{response_id}/input_items", Api::kResponses),
    object("POST", "/v1/conversations", Api::kOther),
    object("GET", "/v1/conversations/{conversation_id}", Api::kOther),
    object("POST", "/v1/conversations/{conversation_id}", Api::kOther),
    object("DELETE", "/v1/conversations/{conversation_id}", Api::kOther),
    object("GET", "/v1/conversations/{conversation_id}/items", Api::kOther),
    object("POST", "/v1/conversations/{conversation_id}/items", Api::kOther),
    object("GET", "/v1/conversations/{conversation_id}/items/{item_id}", Api::kOther),
    object("DELETE", "/v1/conversations/{conversation_id}/items/{item_id}", Api::kOther),

    // Anthropic's Messages, and batches of them.
    ask("/v1/messages", Api::kMessages, kLlm),
    ask("/v1/messages/count_tokens", Api::kMessages, kLlm),
    object("POST", "/v1/messages/batches", Api::kMessages, kBatch),
    object("GET", "/v1/messages/batches", Api::kMessages),
    object("GET", "/v1/messages/batches/{batch_id}", Api::kMessages),
    object("DELETE", "/v1/messages/batches/{batch_id}", Api::kMessages),
    object("POST", "/v1/messages/batches/{batch_id}/cancel", Api::kMessages),
    object("GET", "/v1/messages/batches/{batch_id}/results", Api::kMessages),

    // Scores and tokens, in the spellings of Jina, Cohere, vLLM, llama.cpp and the reference.
    ask("/v1/moderations", Api::kOther, {}, kMayNameModel),
    ask("/v1/rerank", Api::kOther, "rerank"),
    ask("/v2/rerank", Api::kCohere, "rerank"),
    ask("/rerank", Api::kOther, "rerank"),
    ask("/v1alpha/inference/rerank", Api::kOther, "rerank"),
    ask("/score", Api::kOther, {}),
    ask("/v1/score", Api::kOther, {}),
    ask("/classify", Api::kOther, {}),
    ask("/pooling", Api::kOther, {}),
    ask("/tokenize", Api::kOther, {}, kMayNameModel),
    ask("/detokenize", Api::kOther, {}, kMayNameModel),

    // Media that are asked for in JSON.
    ask("/v1/images/generations", Api::kImages, {}, kMayNameModel),
    ask("/v1/audio/speech", Api::kAudio, {}),

    // Fine-tuning. The model that is trained is named in the body; answers name it, too.
    object("POST", "/v1/fine_tuning/jobs", Api::kOther, kMayNameModel),
    object("GET", "/v1/fine_tuning/jobs", Api::kOther),
    object("GET", "/v1/fine_tuning/jobs/{job_id}", Api::kOther),
    object("POST", "/v1/fine_tuning/jobs/{job_id}/cancel", Api::kOther),
    object("POST", "/v1/fine_tuning/jobs/{job_id}/pause", Api::kOther),
    object("POST", "/v1/fine_tuning/jobs/{job_id}/resume", Api::kOther),
    object("GET", "/v1/fine_tuning/jobs/{job_id}/events", Api::kOther),
    object("GET", "/v1/fine_tuning/jobs/{job_id}/checkpoints", Api::kOther),
    object("GET", "/v1/fine_tuning/checkpoints/{checkpoint_id}/permissions", Api::kOther),
    object("POST", "/v1/fine_tuning/checkpoints/{checkpoint_id}/permissions", Api::kOther),
    object("DELETE", "/v1/fine_tuning/checkpoints/{checkpoint_id}/permissions/{permission_id}",
           Api::kOther),
    object("POST", "/v1/fine_tuning/alpha/graders/run", Api::kOther),
    object("POST", "/v1/fine_tuning/alpha/graders/validate", Api::kOther),

    // Evals.
    object("POST", "/v1/evals", Api::kOther),
    object("GET", "/v1/evals", Api::kOther),
    object("GET", "/v1/evals/{eval_id}", Api::kOther),
    object("POST", "/v1/evals/{eval_id}", Api::kOther),
    object("DELETE", "/v1/evals/{eval_id}", Api::kOther),
    object("POST", "/v1/evals/{eval_id}/runs", Api::kOther),
    object("GET", "/v1/evals/{eval_id}/runs", Api::kOther),
    object("GET", "/v1/evals/{eval_id}/runs/{run_id}", Api::kOther),
    object("POST", "/v1/evals/{eval_id}/runs/{run_id}", Api::kOther),
    object("DELETE", "/v1/evals/{eval_id}/runs/{run_id}", Api::kOther),
    object("GET", "/v1/evals/{eval_id}/runs/{run_id}/output_items", Api::kOther),
    object("GET", "/v1/evals/{eval_id}/runs/{run_id}/output_items/{output_item_id}", Api::kOther),

    any_path("GET"),
    any_path("POST"),
    any_path("PUT"),
    any_path("PATCH"),
    any_path("DELETE"),
};

}  // namespace

std::span<const RouteRow<Upstreams>> api_routes() {
  return kApiRoutes;
}

}  // namespace penstock::gateway
