#include "sim/routes.h"

#include <utility>

#include "core/text.h"
#include "sim/conversation_routes.h"
#include "sim/media_routes.h"
#include "sim/message_routes.h"
#include "sim/object_routes.h"
#include "sim/ranking_routes.h"
#include "sim/response_routes.h"

namespace penstock::sim {
namespace {

using enum Dialect;

// A path's fixed spellings come before those with placeholders.
constexpr Route kRoutes[] = {
    {"GET", "/v1/models", Page::kModelList},
    {"GET", "/v1/models/{+}", Page::kModel},
    {"GET", "/health", Page::kHealth},
    {"GET", "/sim/stats", Page::kStats},

    {"POST", "/v1/chat/completions", Endpoint::kChat},
    {"POST", "/v1/completions", Endpoint::kCompletion},
    {"POST", "/v1/embeddings", Endpoint::kEmbedding},

    {"POST", "/v1/responses", create_response, kResponses},
    {"POST", "/v1/responses/compact", compact_response, kResponses},
    {"POST", "/v1/responses/input_tokens", count_input_tokens, kResponses},
    {"GET", "/v1/responses/{}", retrieve_response, kResponses},
    {"DELETE", "/v1/responses/{}", delete_response, kResponses},
    {"POST", "/v1/responses/{}/cancel", cancel_response, kResponses},
    {"GET", "/v1/responses/{}/input_items", list_input_items, kResponses},

    {"POST", "/v1/conversations", create_conversation},
    {"GET", "/v1/conversations/{}", retrieve_conversation},
    {"POST", "/v1/conversations/{}", update_conversation},
    {"DELETE", "/v1/conversations/{}", delete_conversation},
    {"POST", "/v1/conversations/{}/items", add_conversation_items},
    {"GET", "/v1/conversations/{}/items", list_conversation_items},
    {"GET", "/v1/conversations/{}/items/{}", retrieve_conversation_item},
    {"DELETE", "/v1/conversations/{}/items/{}", delete_conversation_item},

    {"POST", "/v1/messages", create_message, kAnthropic},
    {"POST", "/v1/messages/count_tokens", count_message_tokens, kAnthropic},
    {"POST", "/v1/messages/batches", create_message_batch, kAnthropic},
    {"GET", "/v1/messages/batches", list_message_batches, kAnthropic},
    {"GET", "/v1/messages/batches/{}", retrieve_message_batch, kAnthropic},
    {"DELETE", "/v1/messages/batches/{}", delete_message_batch, kAnthropic},
    {"POST", "/v1/messages/batches/{}/cancel", cancel_message_batch, kAnthropic},
    {"GET", "/v1/messages/batches/{}/results", message_batch_results, kAnthropic},

    {"POST", "/v1/moderations", moderate},
    {"POST", "/v1/rerank", rerank},
    {"POST", "/rerank", rerank},
    {"POST", "/v2/rerank", rerank_as_cohere, kCohere},
    {"POST", "/v1alpha/inference/rerank", rerank_as_ogx},
    {"POST", "/v1/score", score},
    {"POST", "/score", score},
    {"POST", "/tokenize", tokenize},
    {"POST", "/detokenize", detokenize},
    {"POST", "/v1/images/generations", generate_images},
    {"POST", "/v1/audio/speech", speak},

    {"POST", "/v1/fine_tuning/jobs", create_fine_tuning_job},
    {"GET", "/v1/fine_tuning/jobs", list_fine_tuning_jobs},
    {"GET", "/v1/fine_tuning/jobs/{}", retrieve_fine_tuning_job},
    {"POST", "/v1/fine_tuning/jobs/{}/cancel", cancel_fine_tuning_job},
    {"GET", "/v1/fine_tuning/jobs/{}/events", list_fine_tuning_events},
    {"POST", "/v1/evals", create_eval},
    {"GET", "/v1/evals", list_evals},
    {"GET", "/v1/evals/{}", retrieve_eval},
    {"POST", "/v1/evals/{}", update_eval},
    {"DELETE", "/v1/evals/{}", delete_eval},
};

// Takes the first segment, with the slash before it, off `path`.
std::string_view take_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/', 1), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool take_id(std::string_view text, std::vector<std::string>& ids) {
  std::optional<std::string> id = percent_decode(text);
  if (!id || id->empty()) return false;
  ids.push_back(std::move(*id));
  return true;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& ids) {
  ids.clear();
  while (!pattern.empty()) {
    const std::string_view wanted = take_segment(pattern);
    if (wanted == "/{+}") return path.size() > 1 && take_id(path.substr(1), ids);
    if (path.empty()) return false;
    const std::string_view segment = take_segment(path);
    if (wanted == "/{}") {
      if (!take_id(segment.substr(1), ids)) return false;
    } else if (segment != wanted) {
      return false;
    }
  }
  return path.empty();
}

}  // namespace

RouteMatch find_route(std::string_view method, std::string_view path) {
  RouteMatch match;
  // Also the errors of unknown paths have the shape of their API.
  if (path.starts_with("/v1/messages")) match.dialect = kAnthropic;
  for (const Route& route : kRoutes) {
    if (!matches(route.path, path, match.ids)) continue;
    match.dialect = route.dialect;
    match.other_methods = true;
    if (route.method != method) continue;
    match.route = &route;
    return match;
  }
  return match;
}

}  // namespace penstock::sim
