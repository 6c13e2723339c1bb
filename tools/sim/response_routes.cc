#include "sim/response_routes.h"

#include <utility>

#include "core/text.h"
#include "sim/conversation_routes.h"
#include "sim/json_text.h"
#include "sim/pace.h"
#include "sim/planning.h"
#include "sim/refusals.h"
#include "sim/responses.h"

namespace penstock::sim {
namespace {

constexpr std::string_view kResponse = "Response";

bool stores(const Json& request) {
  const Json* store = member(request, "store");
  return store == nullptr || *store != false;
}

// Responses are kept under their ids, so that requests which ask for different ones must differ in
// them; whole and streamed ones are the same.
std::string identity_of(Json request) {
  for (const std::string_view name : {"sim", "stream", "stream_options"}) request.erase(name);
  return text_of(request);
}

AnswerPlan plan_response(const Call& call, const Model& model) {
  const Asked asked{.model = model,
                    .body = call.body,
                    .input = identity_of(call.body),
                    .reasons = member(call.body, "reasoning") != nullptr,
                    .max_tokens = count_member(call.body, "max_output_tokens")};
  return plan_for(asked, call.world.text, call.behaviour);
}

// What the response is at `now`.
Json state_of(const KeptResponse& kept, SteadyTime now) {
  const ResponseWriter writer(kept.request, kept.plan);
  if (kept.cancelled) return writer.unfinished("cancelled");
  return now < kept.done_at ? writer.unfinished("in_progress") : writer.finished();
}

EventScript events_of(const ResponseWriter& writer, const Behaviour& behaviour) {
  EventScript events = writer.events({.finish = behaviour.finish});
  if (behaviour.error_event == ErrorEvent::kFailedResponse) {
    const Json failed = writer.failed(Json::parse(failed_response_error(behaviour)));
    events.set_failure({.type = "response.failed", .object = text_of(failed)});
  }
  return events;
}

Result<KeptResponse> find_response(const Call& call) {
  if (auto kept = call.store.responses.get(call.ids[0])) return std::move(*kept);
  return not_found(kResponse, call.ids[0]);
}

}  // namespace

Result<Made> create_response(const Call& call) {
  const Result<const Model*> model = call.language_model();
  if (!model) return failure(model.error());
  const std::string previous = text_member(call.body, "previous_response_id");
  if (!previous.empty() && !call.store.responses.get(previous)) {
    return invalid_request("Previous response with id '" + previous + "' not found.");
  }
  KeptResponse kept{.request = call.body, .plan = plan_response(call, **model), .input_items = {}};
  kept.input_items = input_items_of(call.body, kept.plan.id);
  kept.request.erase("sim");

  const ResponseWriter writer(kept.request, kept.plan);
  if (const Status added = add_to_conversation(call, kept.input_items, writer.output()); !added) {
    return failure(added.error());
  }
  const bool stream = flag_member(call.body, "stream");
  const bool background = flag_member(call.body, "background");
  const std::size_t tokens = kept.plan.tokens();
  if (background) {
    kept.done_at = Pace(call.now, call.behaviour).due(tokens, tokens);
  }
  if (stores(kept.request)) call.store.responses.put(writer.id(), kept);
  if (stream) return made_of_events(events_of(writer, call.behaviour));
  if (background) return made_of(writer.unfinished("queued"));
  return Made{.body = text_of(writer.finished()), .tokens = tokens};
}

Result<Made> retrieve_response(const Call& call) {
  const Result<KeptResponse> kept = find_response(call);
  if (!kept) return failure(kept.error());
  if (call.parameter("stream") != "true") return made_of(state_of(*kept, call.now));
  EventScript events = ResponseWriter(kept->request, kept->plan).events({});
  if (const auto after = call.parameter("starting_after")) {
    const std::optional<std::uint64_t> number = parse_decimal(*after);
    if (!number) return invalid_request("'starting_after' is not a number.");
    events.skip(*number + 1);
  }
  return made_of_events(std::move(events));
}

Result<Made> delete_response(const Call& call) {
  if (!call.store.responses.erase(call.ids[0])) return not_found(kResponse, call.ids[0]);
  return made_of({{"id", call.ids[0]}, {"object", "response"}, {"deleted", true}});
}

Result<Made> cancel_response(const Call& call) {
  const Result<KeptResponse> kept = find_response(call);
  if (!kept) return failure(kept.error());
  if (!flag_member(kept->request, "background")) {
    return invalid_request("Only background responses can be cancelled.");
  }
  const auto cancel = [&call](KeptResponse& response) {
    response.cancelled = response.cancelled || call.now < response.done_at;
  };
  const auto changed = call.store.responses.change(call.ids[0], cancel);
  return made_of(state_of(changed.value_or(*kept), call.now));
}

Result<Made> list_input_items(const Call& call) {
  const Result<KeptResponse> kept = find_response(call);
  if (!kept) return failure(kept.error());
  return made_of(list_of(kept->input_items));
}

Result<Made> compact_response(const Call& call) {
  const Result<const Model*> model = call.language_model();
  if (!model) return failure(model.error());
  const AnswerPlan plan = plan_response(call, **model);
  Json output = Json::array();
  for (const Json& item : input_items_of(call.body, plan.id)) {
    if (text_member(item, "role") == "user") output.push_back(item);
  }
  const std::size_t tokens = plan.tokens();
  output.push_back({{"id", "cmp_" + hex(plan.id)},
                    {"type", "compaction"},
                    {"encrypted_content", "gAAAAABpenstockSim"}});
  const Json compacted{{"id", "resp_" + hex(plan.id)},
                       {"object", "response.compaction"},
                       {"created_at", kCreatedSeconds},
                       {"output", std::move(output)},
                       {"usage", ResponseWriter(call.body, plan).finished()["usage"]}};
  return Made{.body = text_of(compacted), .tokens = tokens};
}

Result<Made> count_input_tokens(const Call& call) {
  return made_of(
      {{"object", "response.input_tokens"}, {"input_tokens", prompt_tokens_of(call.body)}});
}

}  // namespace penstock::sim
