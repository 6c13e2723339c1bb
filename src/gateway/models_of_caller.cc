#include "gateway/models_of_caller.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/model_text.h"
#include "models/lister.h"
#include "net/task_group.h"

namespace penstock::gateway {
namespace {

Task<void> ask_for_caller(const ModelServices& services, Exchange& exchange,
                          const models::Catalog& catalog, std::size_t index,
                          const models::ListRequest& request, std::string& entries) {
  const std::string_view provider_id = request.provider.id();
  models::ListReader::Take take = [&](models::ListedModel listed) {
    const auto model =
        services.registry.listed_model(index, std::move(listed), exchange.loop().wall());
    if (model == nullptr || catalog.find(model->id) != nullptr) return;
    const std::size_t begin = entries.size();
    entries.push_back(',');
    append_list_entry(entries, *model, provider_id);
    exchange.secrets().mask(std::span(entries).subspan(begin));
  };
  Result<models::ListNotes> notes = co_await models::list_models(request, std::move(take));
  if (!notes) {
    services.shard.count_limit(notes.error());
    entries.clear();
    co_return;
  }
  for (const Limit limit : notes->limits) services.shard.limit_hit(limit);
}

}  // namespace

Task<std::string> entries_for_caller(const ModelServices& services, Exchange& exchange,
                                     const models::Catalog& catalog,
                                     const providers::ProviderData& data) {
  const config::Server& server = exchange.server();
  const auto& providers = services.upstreams.providers;
  std::vector<std::string> entries(providers.size());
  std::vector<models::ListRequest> requests;
  requests.reserve(providers.size());
  std::string faults;
  net::TaskGroup asking(exchange.loop(), [&](std::string_view what) { faults = what; });
  for (std::size_t i = 0; i < providers.size(); ++i) {
    requests.push_back({.loop = exchange.loop(),
                        .provider = *providers[i],
                        .data = &data,
                        .bounds = models::ListBounds::of(server.limits),
                        .until = exchange.until(server.timeouts.model_list),
                        .cancel = exchange.client().gone()});
    asking.spawn(ask_for_caller(services, exchange, catalog, i, requests[i], entries[i]));
  }
  co_await asking.join();
  if (!faults.empty()) throw std::runtime_error(faults);
  std::string all;
  for (const std::string& part : entries) all.append(part);
  co_return all;
}

}  // namespace penstock::gateway
