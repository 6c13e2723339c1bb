#include "gateway/choose.h"

#include <optional>
#include <utility>

#include "core/text.h"
#include "gateway/provider_choice.h"

namespace penstock::gateway {
namespace {

using Target = models::Catalog::Target;

Result<Target> target_of(const models::Catalog& catalog, std::optional<std::size_t> provider,
                         std::string_view model) {
  return provider ? catalog.route_at(*provider, model) : catalog.route(model);
}

// The reference's words. Only a stated type is compared with a request: plain services list all
// their models as llm, whatever they are.
Status check_type(const Target& target, std::string_view name, std::string_view wanted) {
  const models::Model* model = target.model;
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

// All models that the body names must lead to the first one's provider: the request goes to one.
Status choose_further(Choice& choice, std::optional<std::size_t> named,
                      const wire::RequestFields& fields) {
  for (const std::string& name : fields.more_names) {
    Result<Target> target = target_of(*choice.catalog, named, name);
    if (!target) return failure(std::move(target.error()));
    if (target->provider != choice.target.provider) {
      return failure(Error::client(ErrorKind::kInvalidRequest,
                                   "The models that the body names are of different providers; "
                                   "send a request to each."));
    }
    choice.further_models.push_back(json_quoted(target->upstream_model));
  }
  return {};
}

}  // namespace

Result<Choice> choose(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match,
                      const wire::RequestFields& fields) {
  const Providers& providers = upstreams.settings;
  const http::Fields& given = exchange.client().request().fields;
  Result<std::optional<std::size_t>> named =
      named_provider(match.provider, given.find(http::FieldName::kXPenstockProvider), providers);
  if (!named) return failure(std::move(named.error()));
  Choice choice;
  choice.catalog = upstreams.catalog;
  const std::string_view model = exchange.facts().model.view();
  Result<Target> target = model.empty() ? target_without_model(*named, providers)
                                        : target_of(*choice.catalog, *named, model);
  if (!target) return failure(std::move(target.error()));
  choice.target = *target;
  exchange.set_target(*target);
  Status checked = check_type(*target, model, exchange.passing().model_type);
  if (checked) checked = choose_further(choice, *named, fields);
  if (!checked) return failure(std::move(checked.error()));
  return choice;
}

}  // namespace penstock::gateway
