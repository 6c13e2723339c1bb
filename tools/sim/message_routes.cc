#include "sim/message_routes.h"

#include <utility>

#include "sim/json_text.h"
#include "sim/messages.h"
#include "sim/planning.h"
#include "sim/refusals.h"

namespace penstock::sim {
namespace {

constexpr std::string_view kBatch = "Batch";
constexpr std::string_view kCreatedAt = "2026-01-01T00:00:00Z";
constexpr std::string_view kExpiresAt = "2026-01-02T00:00:00Z";

// `{"type":"enabled"}` or `{"type":"adaptive"}`.
bool thinks(const Json& body) {
  const Json* thinking = member(body, "thinking");
  if (thinking == nullptr) return false;
  const std::string type = text_member(*thinking, "type");
  return type == "enabled" || type == "adaptive";
}

bool shows_thinking(const Json& body) {
  const Json* thinking = member(body, "thinking");
  return thinking == nullptr || text_member(*thinking, "display") != "omitted";
}

Result<AnswerPlan> plan_message(const Call& call) {
  const Result<const Model*> model = call.language_model();
  if (!model) return failure(model.error());
  const Json* messages = member(call.body, "messages");
  if (messages == nullptr || !messages->is_array()) {
    return invalid_request("messages: Field required");
  }
  const Asked asked{.model = **model,
                    .body = call.body,
                    .input = text_of(*messages),
                    .reasons = thinks(call.body),
                    .max_tokens = count_member(call.body, "max_tokens")};
  return plan_for(asked, call.world.text, call.behaviour);
}

MessageWriter::Options options_of(const Call& call) {
  return {.show_thinking = shows_thinking(call.body),
          .finish = call.behaviour.finish,
          .done = call.behaviour.done};
}

// The `result` of one request of a batch.
Json result_of(const Call& batch, const Json& params) {
  const Call call{batch.world, batch.store, params, batch.behaviour, {}, {}, batch.now};
  if (const Result<AnswerPlan> plan = plan_message(call)) {
    const Json message = MessageWriter(*plan, options_of(call)).whole();
    return {{"type", "succeeded"}, {"message", message}};
  } else {
    const std::string error = own_error_body(plan.error(), Dialect::kAnthropic);
    return {{"type", "errored"}, {"error", Json::parse(error)}};
  }
}

Json counts(std::size_t processing, std::size_t succeeded, std::size_t errored) {
  return {{"processing", processing},
          {"succeeded", succeeded},
          {"errored", errored},
          {"canceled", 0},
          {"expired", 0}};
}

Result<Json> read_requests(const Json& body) {
  const Json* requests = member(body, "requests");
  if (requests == nullptr || !requests->is_array() || requests->empty()) {
    return invalid_request("requests: Field required");
  }
  for (const Json& request : *requests) {
    if (text_member(request, "custom_id").empty() || member(request, "params") == nullptr) {
      return invalid_request("requests: each has 'custom_id' and 'params'");
    }
  }
  return *requests;
}

Json ended(const KeptBatch& kept) {
  Json object = kept.object;
  object["processing_status"] = "ended";
  object["ended_at"] = kCreatedAt;
  object["results_url"] = "/v1/messages/batches/" + text_member(object, "id") + "/results";
  object["request_counts"] = kept.counts;
  return object;
}

}  // namespace

Result<Made> create_message(const Call& call) {
  if (!count_member(call.body, "max_tokens")) return invalid_request("max_tokens: Field required");
  const Result<AnswerPlan> plan = plan_message(call);
  if (!plan) return failure(plan.error());
  const MessageWriter writer(*plan, options_of(call));
  if (flag_member(call.body, "stream")) return made_of_events(writer.events());
  return Made{.body = text_of(writer.whole()), .tokens = plan->tokens()};
}

Result<Made> count_message_tokens(const Call& call) {
  const Result<AnswerPlan> plan = plan_message(call);
  if (!plan) return failure(plan.error());
  return made_of({{"input_tokens", plan->prompt_tokens}});
}

Result<Made> create_message_batch(const Call& call) {
  const Result<Json> requests = read_requests(call.body);
  if (!requests) return failure(requests.error());
  KeptBatch kept;
  std::size_t errored = 0;
  for (const Json& request : *requests) {
    const Json result = result_of(call, request["params"]);
    if (result["type"] == "errored") ++errored;
    kept.results += text_of({{"custom_id", request["custom_id"]}, {"result", result}}) + "\n";
  }
  const std::string id = "msgbatch_" + hex(call.store.next_number());
  const std::size_t count = requests->size();
  kept.object = {{"id", id},
                 {"type", "message_batch"},
                 {"processing_status", "in_progress"},
                 {"request_counts", counts(count, 0, 0)},
                 {"ended_at", nullptr},
                 {"created_at", kCreatedAt},
                 {"expires_at", kExpiresAt},
                 {"archived_at", nullptr},
                 {"cancel_initiated_at", nullptr},
                 {"results_url", nullptr}};
  kept.counts = counts(0, count - errored, errored);
  call.store.batches.put(id, kept);
  return made_of(kept.object);
}

Result<Made> list_message_batches(const Call& call) {
  Json data = Json::array();
  for (const KeptBatch& kept : call.store.batches.all()) {
    data.push_back(ended(kept));
  }
  Json list = list_of(std::move(data));
  list.erase("object");
  return made_of(list);
}

Result<Made> retrieve_message_batch(const Call& call) {
  const auto kept = call.store.batches.get(call.ids[0]);
  if (!kept) return not_found(kBatch, call.ids[0]);
  return made_of(ended(*kept));
}

Result<Made> cancel_message_batch(const Call& call) {
  const auto kept = call.store.batches.change(
      call.ids[0], [](KeptBatch& batch) { batch.object["cancel_initiated_at"] = kCreatedAt; });
  if (!kept) return not_found(kBatch, call.ids[0]);
  Json object = kept->object;
  object["processing_status"] = "canceling";
  return made_of(object);
}

Result<Made> delete_message_batch(const Call& call) {
  if (!call.store.batches.erase(call.ids[0])) return not_found(kBatch, call.ids[0]);
  return made_of({{"id", call.ids[0]}, {"type", "message_batch_deleted"}});
}

Result<Made> message_batch_results(const Call& call) {
  auto kept = call.store.batches.get(call.ids[0]);
  if (!kept) return not_found(kBatch, call.ids[0]);
  return Made{.body = std::move(kept->results), .content_type = "application/x-jsonl"};
}

}  // namespace penstock::sim
