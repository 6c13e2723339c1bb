#include "gateway/choose.h"

#include <optional>
#include <utility>

#include "core/text.h"
#include "gateway/permitted.h"
#include "gateway/provider_choice.h"
#include "gateway/request_affinity.h"

namespace penstock::gateway {
namespace {

using Target = models::Catalog::Target;

// The reference's words. Only a stated type is compared with a request: plain services list all
// their models as llm, whatever they are.
Status check_type(const models::Model* model, std::string_view name, std::string_view wanted) {
  if (wanted.empty() || model == nullptr || !model->type_is_stated || model->type == wanted) {
    return {};
  }
  return failure(Error::client(ErrorKind::kInvalidRequest, "Model '" + std::string(name) +
                                                               "' is of type '" + model->type +
                                                               "' rather than the expected type '" +
                                                               std::string(wanted) + "'"));
}

// The target of a request that names no model.
Result<Target> target_without_model(std::optional<std::size_t> named, const Providers& providers) {
  if (named) return Target{.provider = *named, .upstream_model = {}, .model = nullptr};
  Result<std::size_t> only = only_provider(providers);
  if (!only) return failure(std::move(only.error()));
  return Target{.provider = *only, .upstream_model = {}, .model = nullptr};
}

// The name of a model's route at one of its targets.
const config::RouteTarget* target_at(const routing::ModelRoute& route, std::size_t provider) {
  for (const routing::ModelRoute::Member& member : route.members()) {
    if (member.settings->provider == provider) return member.settings;
  }
  return nullptr;
}

Error of_different_providers() {
  return Error::client(ErrorKind::kInvalidRequest,
                       "The models that the body names are of different providers; send a request "
                       "to each.");
}

// What that provider calls the model of that name.
Result<std::string_view> name_at(const PassedRequest& request, std::string_view name,
                                 std::size_t provider) {
  if (const auto* route =
          route_of(request.upstreams.chooser.get(), *request.catalog, name, provider)) {
    if (is_restricted(request.exchange)) {
      Status permitted = check_model(request.exchange, name, *route, request.upstreams.settings);
      if (!permitted) return failure(std::move(permitted.error()));
    }
    const std::string& model = target_at(*route, provider)->model;
    return model.empty() ? name : std::string_view(model);
  }
  Result<Target> target = request.only_provider ? request.catalog->route_at(provider, name)
                                                : request.catalog->route(name);
  if (!target) return failure(std::move(target.error()));
  if (target->provider != provider) return failure(of_different_providers());
  if (is_restricted(request.exchange)) {
    Status permitted = check_model(request.exchange, name, *target, request.upstreams.settings);
    if (!permitted) return failure(std::move(permitted.error()));
  }
  return target->upstream_model;
}

}  // namespace

const routing::ModelRoute* route_of(const routing::Chooser* chooser, const models::Catalog& catalog,
                                    std::string_view model, std::optional<std::size_t> named) {
  if (chooser == nullptr || model.empty()) return nullptr;
  const routing::ModelRoute* route = chooser->router().find(model);
  if (route == nullptr || route->settings().hidden) return nullptr;
  if (route->settings().model != model && catalog.find(model) != nullptr) return nullptr;
  const bool leads_there = !named || target_at(*route, *named) != nullptr;
  return leads_there ? route : nullptr;
}

Result<Target> target_of(const models::Catalog& catalog, std::optional<std::size_t> named,
                         std::string_view model) {
  return named ? catalog.route_at(*named, model) : catalog.route(model);
}

Result<Choice> choose(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match,
                      std::string_view body) {
  const Providers& providers = upstreams.settings;
  const http::Fields& given = exchange.client().request().fields;
  Result<std::optional<std::size_t>> named =
      named_provider(match.provider, given.find(http::FieldName::kXPenstockProvider), providers);
  if (!named) return failure(std::move(named.error()));
  Choice choice;
  choice.catalog = upstreams.catalog;
  choice.only_provider = *named;
  const std::string_view model = exchange.facts().model.view();
  choice.route = route_of(upstreams.chooser.get(), *choice.catalog, model, *named);
  if (choice.route != nullptr) {
    choice.chooser = upstreams.chooser;
    exchange.set_model_route(choice.route->settings());
    if (is_restricted(exchange)) {
      Status permitted = check_model(exchange, model, *choice.route, providers);
      if (!permitted) return failure(std::move(permitted.error()));
    }
    const models::Model* listed = choice.catalog->find(model);
    if (listed != nullptr) {
      Status checked = check_type(listed, model, exchange.passing().model_type);
      if (!checked) return failure(std::move(checked.error()));
    }
    return choice;
  }
  std::optional<std::size_t> provider = *named;
  if (model.empty() && !provider) {
    provider = provider_of_ids(upstreams, match, body, exchange.loop().now());
  }
  Result<Target> target = model.empty() ? target_without_model(provider, providers)
                                        : target_of(*choice.catalog, *named, model);
  if (!target) return failure(std::move(target.error()));
  choice.target = *target;
  exchange.set_target(*target);
  if (is_restricted(exchange)) {
    Status permitted = check_model(exchange, model, *target, providers);
    if (!permitted) return failure(std::move(permitted.error()));
  }
  Status checked = check_type(target->model, model, exchange.passing().model_type);
  if (!checked) return failure(std::move(checked.error()));
  return choice;
}

Result<std::vector<std::string>> further_models(const PassedRequest& request,
                                                std::size_t provider) {
  std::vector<std::string> further;
  for (const std::string& name : request.fields.more_names) {
    Result<std::string_view> there = name_at(request, name, provider);
    if (!there) return failure(std::move(there.error()));
    further.push_back(json_quoted(*there));
  }
  return further;
}

}  // namespace penstock::gateway
