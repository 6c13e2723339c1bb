#include "gateway/model_endpoints.h"

#include <optional>
#include <utility>
#include <vector>

#include "config/model_name.h"
#include "gateway/caller_data.h"
#include "gateway/content.h"
#include "gateway/json_text.h"
#include "models/lister.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kOwner = "ogx";

Json metadata_of(const models::Model& model) {
  Json metadata = Json::parse(model.metadata, nullptr, false);
  return metadata.is_object() ? metadata : Json::object();
}

// An entry of the list.
Json list_entry(const Context& context, const models::Model& model) {
  Json custom = {{"model_type", model.type},
                 {"provider_id", context.settings.providers[model.provider].id},
                 {"provider_resource_id", model.upstream_id}};
  Json metadata = metadata_of(model);
  metadata.erase("model_type");  // the upstream's word may be one that the gateway does not know
  custom.update(metadata);
  return {{"id", model.id},
          {"object", "model"},
          {"created", model.created},
          {"owned_by", kOwner},
          {"custom_metadata", std::move(custom)}};
}

// The form of a single model, which is another one.
Json single_model(const Context& context, const models::Model& model) {
  return {{"identifier", model.id},
          {"provider_resource_id", model.upstream_id},
          {"provider_id", context.settings.providers[model.provider].id},
          {"type", "model"},
          {"metadata", metadata_of(model)},
          {"created", model.created},
          {"owned_by", kOwner},
          {"model_type", model.type},
          {"model_validation", nullptr},
          {"id", model.id},
          {"object", "model"}};
}

// What the upstreams list for this caller. One that fails adds nothing: the list is then that of
// the catalog, as without provider data.
Task<std::vector<models::Model>> models_for_caller(Exchange& exchange,
                                                   const providers::ProviderData& data) {
  Context& context = exchange.context();
  std::vector<models::Model> found;
  for (std::size_t i = 0; i < context.providers.size(); ++i) {
    providers::Passthrough& provider = *context.providers[i];
    const SteadyTime until = exchange.until(models::kListTimeout);
    auto listed = co_await models::list_models(context.loop, provider, &data, until,
                                               exchange.connection().gone());
    if (!listed) continue;
    for (models::ListedModel& each : *listed) {
      if (!provider.settings().allows(each.id)) continue;
      models::Model model;
      model.id = config::listed_name(provider.settings().id, each.id);
      model.provider = i;
      model.upstream_id = std::move(each.id);
      model.type = std::move(each.type);
      model.metadata = std::move(each.metadata);
      model.created =
          std::chrono::duration_cast<std::chrono::seconds>(context.loop.wall().time_since_epoch())
              .count();
      found.push_back(std::move(model));
    }
  }
  co_return found;
}

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

std::optional<std::string> text_member(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

Result<models::Registry::Registration> read_registration(std::string_view body) {
  const Json parsed = Json::parse(body, nullptr, false);
  if (!parsed.is_object()) return failure(invalid("the body must be a JSON object"));
  for (const char* name : {"model_id", "provider_model_id", "provider_id", "model_type"}) {
    const auto member = parsed.find(name);
    if (member != parsed.end() && !member->is_string() && !member->is_null()) {
      return failure(invalid(std::string(name) + " must be a string"));
    }
  }
  models::Registry::Registration registration;
  const std::optional<std::string> id = text_member(parsed, "model_id");
  if (!id) return failure(invalid("model_id is required"));
  registration.model_id = *id;
  registration.provider_model_id = text_member(parsed, "provider_model_id");
  registration.provider_id = text_member(parsed, "provider_id");
  registration.type = text_member(parsed, "model_type");
  if (registration.type && *registration.type != "llm" && *registration.type != "embedding" &&
      *registration.type != "rerank") {
    return failure(invalid("model_type must be llm, embedding or rerank"));
  }
  if (const auto metadata = parsed.find("metadata");
      metadata != parsed.end() && !metadata->is_null()) {
    if (!metadata->is_object()) return failure(invalid("metadata must be an object"));
    Json shown = *metadata;
    if (const auto marker = shown.find(config::kUnprefixedAliasKey); marker != shown.end()) {
      if (!marker->is_boolean()) {
        return failure(invalid("metadata._unprefixed_alias must be true or false"));
      }
      registration.unprefixed_alias = marker->get<bool>();
      shown.erase(marker);
    }
    registration.metadata = dump(shown);
  }
  return registration;
}

}  // namespace

Task<void> list_models(Exchange& exchange) {
  Context& context = exchange.context();
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  auto data = caller_data(exchange.connection().request().fields);
  if (!data) co_return co_await exchange.fail(std::move(data.error()));
  Json list = Json::array();
  for (const models::Model& model : catalog->models()) list.push_back(list_entry(context, model));
  if (data->has_value()) {
    const std::vector<models::Model> added = co_await models_for_caller(exchange, **data);
    for (const models::Model& model : added) {
      if (catalog->find(model.id) == nullptr) list.push_back(list_entry(context, model));
    }
  }
  Json answer = {{"object", "list"}, {"data", std::move(list)}};
  const std::string body = dump(answer);
  co_await exchange.respond(200, kJson, body);
}

Task<void> show_model(Exchange& exchange, const std::string& id) {
  const Context& context = exchange.context();
  const std::shared_ptr<const models::Catalog> catalog = context.catalog;
  const models::Model* model = catalog->find(id);
  if (model == nullptr) co_return co_await exchange.fail(catalog->not_found(id));
  const std::string body = dump(single_model(context, *model));
  co_await exchange.respond(200, kJson, body);
}

Task<void> register_model(Exchange& exchange) {
  Context& context = exchange.context();
  Result<std::string_view> body = co_await read_content(exchange);
  if (!body) co_return co_await exchange.fail(std::move(body.error()));
  Result<models::Registry::Registration> registration = read_registration(*body);
  if (!registration) co_return co_await exchange.fail(std::move(registration.error()));
  Result<models::Model> model = context.registry.add(*registration, context.loop.wall());
  if (!model) co_return co_await exchange.fail(std::move(model.error()));
  const std::string answer = dump(single_model(context, *model));
  co_await exchange.respond(200, kJson, answer);
}

Task<void> remove_model(Exchange& exchange, const std::string& id) {
  Status removed = exchange.context().registry.remove(id);
  if (!removed) co_return co_await exchange.fail(std::move(removed.error()));
  co_await exchange.respond(200, kJson, "null");
}

}  // namespace penstock::gateway
