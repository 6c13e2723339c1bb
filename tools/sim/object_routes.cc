#include "sim/object_routes.h"

#include <utility>

#include "sim/json_text.h"

namespace penstock::sim {
namespace {

constexpr std::string_view kJob = "Fine-tuning job";
constexpr std::string_view kEval = "Eval";

// A member of the body as it is, or null.
Json given(const Json& body, std::string_view name) {
  const Json* value = member(body, name);
  return value != nullptr ? *value : Json(nullptr);
}

// The items' schema of the request, inside the schema of a run's lines.
Json data_source_of(const Json& body) {
  Json config = given(body, "data_source_config");
  if (!config.is_object()) config = {{"type", "custom"}};
  const Json schema{{"type", "object"},
                    {"properties", {{"item", given(config, "item_schema")}}},
                    {"required", Json::array({"item"})}};
  return {{"type", text_member(config, "type")}, {"schema", schema}};
}

Result<Made> found(const std::optional<Json>& object, std::string_view kind, const Call& call) {
  if (!object) return not_found(kind, call.ids[0]);
  return made_of(*object);
}

Made listed(const Shelf<Json>& shelf) {
  Json data = Json::array();
  for (Json& object : shelf.all()) data.push_back(std::move(object));
  return made_of(list_of(std::move(data)));
}

}  // namespace

Result<Made> create_fine_tuning_job(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  const std::string file = text_member(call.body, "training_file");
  if (file.empty()) return invalid_request("Missing required parameter: 'training_file'.");
  const std::string id = "ftjob-" + hex(call.store.next_number());
  const Json job{
      {"id", id},
      {"object", "fine_tuning.job"},
      {"created_at", kCreatedSeconds},
      {"error", nullptr},
      {"fine_tuned_model", nullptr},
      {"finished_at", nullptr},
      {"hyperparameters",
       {{"n_epochs", "auto"}, {"batch_size", "auto"}, {"learning_rate_multiplier", "auto"}}},
      {"model", (*model)->id},
      {"organization_id", "org-sim"},
      {"result_files", Json::array()},
      {"seed", 0},
      {"status", "queued"},
      {"trained_tokens", nullptr},
      {"training_file", file},
      {"validation_file", given(call.body, "validation_file")},
      {"metadata", given(call.body, "metadata")}};
  call.store.fine_tuning_jobs.put(id, job);
  return made_of(job);
}

Result<Made> list_fine_tuning_jobs(const Call& call) {
  return listed(call.store.fine_tuning_jobs);
}

Result<Made> retrieve_fine_tuning_job(const Call& call) {
  return found(call.store.fine_tuning_jobs.get(call.ids[0]), kJob, call);
}

Result<Made> cancel_fine_tuning_job(const Call& call) {
  const auto cancel = [](Json& job) { job["status"] = "cancelled"; };
  return found(call.store.fine_tuning_jobs.change(call.ids[0], cancel), kJob, call);
}

Result<Made> list_fine_tuning_events(const Call& call) {
  const auto job = call.store.fine_tuning_jobs.get(call.ids[0]);
  if (!job) return not_found(kJob, call.ids[0]);
  const Json event{{"id", "ftevent-" + call.ids[0]},
                   {"object", "fine_tuning.job.event"},
                   {"created_at", kCreatedSeconds},
                   {"level", "info"},
                   {"message", "Created fine-tuning job: " + call.ids[0]},
                   {"type", "message"}};
  return made_of(list_of(Json::array({event})));
}

Result<Made> create_eval(const Call& call) {
  const std::string id = "eval_" + hex(call.store.next_number());
  const Json eval{{"id", id},
                  {"object", "eval"},
                  {"created_at", kCreatedSeconds},
                  {"name", text_member(call.body, "name")},
                  {"data_source_config", data_source_of(call.body)},
                  {"testing_criteria", given(call.body, "testing_criteria")},
                  {"metadata", given(call.body, "metadata")}};
  call.store.evals.put(id, eval);
  return made_of(eval);
}

Result<Made> list_evals(const Call& call) {
  return listed(call.store.evals);
}

Result<Made> retrieve_eval(const Call& call) {
  return found(call.store.evals.get(call.ids[0]), kEval, call);
}

Result<Made> update_eval(const Call& call) {
  const auto update = [&call](Json& eval) {
    for (const std::string_view name : {"name", "metadata"}) {
      if (const Json* value = member(call.body, name)) eval[name] = *value;
    }
  };
  return found(call.store.evals.change(call.ids[0], update), kEval, call);
}

Result<Made> delete_eval(const Call& call) {
  if (!call.store.evals.erase(call.ids[0])) return not_found(kEval, call.ids[0]);
  return made_of({{"object", "eval.deleted"}, {"deleted", true}, {"eval_id", call.ids[0]}});
}

}  // namespace penstock::sim
