#include "gateway/model_list.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "gateway/model_text.h"
#include "models/lister.h"
#include "net/next_turn.h"
#include "net/task_group.h"
#include "net/wait.h"

namespace penstock::gateway {
namespace {

// Each well below a millisecond of work.
constexpr std::size_t kSliceBytes = 128 * 1024;
constexpr std::size_t kSliceModels = 2048;

// Marks that the thread is rendering a list, until that ends in any way.
class Rendering {
 public:
  explicit Rendering(Context& context) : context_(context) {
    context_.rendering = std::make_shared<net::Signal>();
  }
  ~Rendering() {
    // Waiting requests keep the signal.
    context_.rendering->raise();
    context_.rendering = nullptr;
  }
  Rendering(const Rendering&) = delete;
  Rendering& operator=(const Rendering&) = delete;

 private:
  Context& context_;
};

Task<std::size_t> list_bytes(Context& context, const models::Catalog& catalog) {
  const std::vector<config::Provider>& providers = context.settings.providers;
  std::size_t bytes = kModelListBegin.size() + kModelListEnd.size();
  std::size_t counted = 0;
  for (const models::Model& model : catalog.models()) {
    bytes += list_entry_bytes(model, providers[model.provider].id);
    if (++counted % kSliceModels == 0) co_await net::next_turn(context.loop);
  }
  co_return bytes;
}

Task<std::string> render(Context& context, const models::Catalog& catalog) {
  const std::vector<config::Provider>& providers = context.settings.providers;
  std::string text;
  const std::size_t bytes = co_await list_bytes(context, catalog);
  text.reserve(bytes);
  text.append(kModelListBegin);
  std::size_t slice = 0;  // where it begins, always with a whole entry
  const auto end_slice = [&] {
    context.secrets.mask(std::span(text).subspan(slice));
    slice = text.size();
  };
  for (const models::Model& model : catalog.models()) {
    append_list_entry(text, model, providers[model.provider].id);
    if (text.size() < slice + kSliceBytes) continue;
    end_slice();
    co_await net::next_turn(context.loop);
  }
  end_slice();
  text.append(kModelListEnd);
  co_return text;
}

Task<void> ask_for_caller(Exchange& exchange, const models::Catalog& catalog, std::size_t index,
                          const models::ListRequest& request, std::string& entries) {
  Context& context = exchange.context();
  const std::string_view provider_id = request.provider.id();
  models::ListReader::Take take = [&](models::ListedModel listed) {
    const auto model = context.registry.listed_model(index, std::move(listed), context.loop.wall());
    if (model == nullptr || catalog.find(model->id) != nullptr) return;
    const std::size_t begin = entries.size();
    entries.push_back(',');
    append_list_entry(entries, *model, provider_id);
    context.secrets.mask(std::span(entries).subspan(begin));
  };
  Result<models::ListNotes> notes = co_await models::list_models(request, std::move(take));
  if (!notes) {
    context.shard.count_limit(notes.error());
    entries.clear();
    co_return;
  }
  for (const Limit limit : notes->limits) context.shard.limit_hit(limit);
}

}  // namespace

Task<std::shared_ptr<const std::string>> rendered_list(
    Context& context, std::shared_ptr<const models::Catalog> catalog) {
  std::shared_ptr<const std::string> text = catalog->rendered();
  while (text == nullptr && context.rendering != nullptr) {
    const std::shared_ptr<net::Signal> rendering = context.rendering;
    co_await net::wait_any(context.loop, nullptr, *rendering);
    text = catalog->rendered();
  }
  if (text != nullptr) co_return text;
  const Rendering rendering(context);
  std::string made = co_await render(context, *catalog);
  co_return catalog->keep_rendered(std::make_shared<const std::string>(std::move(made)));
}

Task<std::string> entries_for_caller(Exchange& exchange, const models::Catalog& catalog,
                                     const providers::ProviderData& data) {
  Context& context = exchange.context();
  const config::Server& server = context.settings.server;
  const std::size_t count = context.providers.size();
  std::vector<std::string> entries(count);
  std::vector<models::ListRequest> requests;
  requests.reserve(count);
  std::string faults;
  net::TaskGroup asking(context.loop, [&](std::string_view what) { faults = what; });
  for (std::size_t i = 0; i < count; ++i) {
    requests.push_back({.loop = context.loop,
                        .provider = *context.providers[i],
                        .data = &data,
                        .bounds = models::ListBounds::of(server.limits),
                        .until = exchange.until(server.timeouts.model_list),
                        .cancel = exchange.client().gone()});
    asking.spawn(ask_for_caller(exchange, catalog, i, requests[i], entries[i]));
  }
  co_await asking.join();
  if (!faults.empty()) throw std::runtime_error(faults);
  std::string all;
  for (const std::string& part : entries) all.append(part);
  co_return all;
}

}  // namespace penstock::gateway
