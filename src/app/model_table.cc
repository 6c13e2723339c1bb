#include "app/model_table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "app/tls_contexts.h"
#include "models/lister.h"
#include "models/registry.h"
#include "net/connector.h"
#include "net/epoll_poller.h"
#include "net/resolver.h"
#include "net/task_group.h"

namespace penstock::app {
namespace {

using Columns = std::array<std::string_view, 4>;

Columns columns_of(const ModelTable::Row& row) {
  return {row.model, row.provider, row.upstream_model, row.type};
}

void append_row(std::string& out, const Columns& columns,
                const std::array<std::size_t, 4>& widths) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out.append(columns[i]);
    if (i + 1 < columns.size()) out.append(widths[i] - columns[i].size() + 2, ' ');
  }
  out.push_back('\n');
}

// How many host names are looked up at once: one without an answer delays few others.
constexpr std::size_t kLookupThreadsMax = 16;

// One event loop for the duration of the question. All upstreams are asked at once, so that any
// number of silent ones costs the time of one.
class Asking {
 public:
  explicit Asking(std::shared_ptr<const config::Settings> settings)
      : settings_(std::move(settings)),
        notes_(settings_->providers.size()),
        until_(loop_.now() + settings_->server.timeouts.model_list) {}

  ModelTable run() {
    tasks_.spawn(ask_all());
    loop_.run();
    for (Notes& notes : notes_) {
      append(table_.warnings, std::move(notes.warnings));
      append(table_.problems, std::move(notes.problems));
    }
    const std::shared_ptr<const models::Catalog> catalog = registry_.catalog();
    for (const models::Model& model : catalog->models()) {
      table_.rows.push_back(
          {model.id, settings_->providers[model.provider].id, model.upstream_id, model.type});
    }
    return std::move(table_);
  }

 private:
  Task<void> ask_all() {
    for (std::size_t i = 0; i < settings_->providers.size(); ++i) questions_.spawn(ask(i));
    co_await questions_.join();
    loop_.stop();
  }

  Task<void> ask(std::size_t index) {
    const config::Provider& provider = settings_->providers[index];
    Notes& notes = notes_[index];
    if (!provider.base_url) {
      notes.problems.push_back("provider " + provider.id + ": no base_url, callers name it");
      co_return;
    }
    if (provider.is_asleep()) {
      notes.warnings.push_back("provider " + provider.id + ": no key, callers bring theirs");
      co_return;
    }
    if (provider.listing.shape == config::ModelListing::Shape::kNone) co_return;
    Result<net::TlsContext> tls = tls_context_of(provider);
    if (!tls) {
      notes.problems.push_back(tls.error().message);
      co_return;
    }
    Result<std::optional<net::TlsContext>> proxy_tls = proxy_tls_of(provider);
    if (!proxy_tls) {
      notes.problems.push_back(proxy_tls.error().message);
      co_return;
    }
    auto pools = std::make_shared<providers::OriginPools>(
        providers::OriginPools::Environment{.loop = loop_,
                                            .connector = connector_,
                                            .scratch = scratch_,
                                            .tls = *tls,
                                            .proxies = provider.proxies,
                                            .proxy_tls = *proxy_tls});
    const std::unique_ptr<providers::Provider> upstream =
        providers::make_provider(provider, settings_->server, {.pools = std::move(pools)});
    const models::ListRequest request{.loop = loop_,
                                      .provider = *upstream,
                                      .data = nullptr,
                                      .bounds = models::ListBounds::of(settings_->server.limits),
                                      .until = until_,
                                      .cancel = never_};
    models::Models found;
    models::ListReader::Take take = [&](models::ListedModel listed) {
      auto model = registry_.listed_model(index, std::move(listed), loop_.wall());
      if (model != nullptr) found.push_back(std::move(model));
    };
    Result<models::ListNotes> listed = co_await models::list_models(request, std::move(take));
    if (!listed) {
      std::string problem = "provider " + provider.id + ": " + listed.error().message;
      if (listed.error().kind == ErrorKind::kUpstreamRedirect) {
        problem.append(" (it redirects to ").append(upstream->last_redirect()).append(")");
      }
      notes.problems.push_back(std::move(problem));
      append(notes.problems, registry_.list_failed(index, listed.error()));
      co_return;
    }
    if (const std::string text = listed->text(); !text.empty()) {
      notes.warnings.push_back("provider " + provider.id + ": " + text);
    }
    append(notes.problems, registry_.listed(index, std::move(found)));
  }

  // Of one provider: the answers come in any order, and are shown in the file's.
  struct Notes {
    std::vector<std::string> warnings;
    std::vector<std::string> problems;
  };

  static void append(std::vector<std::string>& to, std::vector<std::string> lines) {
    to.insert(to.end(), std::make_move_iterator(lines.begin()),
              std::make_move_iterator(lines.end()));
  }

  const std::shared_ptr<const config::Settings> settings_;
  ModelTable table_;
  std::vector<Notes> notes_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  const SteadyTime until_;  // for all upstreams together
  net::LookupThreads lookups_{
      {.work = "look-ups of host names",
       .threads = std::clamp<std::size_t>(settings_->providers.size(), 1, kLookupThreadsMax)}};
  net::SystemResolver resolver_{loop_, lookups_, lookups_};
  net::SocketConnector connector_{loop_, poller_, resolver_};
  http::ScratchPool scratch_;
  net::Signal never_;
  models::Registry registry_{settings_, clock_.wall(), [](const auto&) {}};
  net::TaskGroup questions_{loop_,
                            [this](std::string_view what) { table_.problems.emplace_back(what); }};
  net::TaskGroup tasks_{loop_,
                        [this](std::string_view what) { table_.problems.emplace_back(what); }};
};

}  // namespace

std::string ModelTable::text() const {
  constexpr Columns kHeading = {"MODEL", "PROVIDER", "UPSTREAM MODEL", "TYPE"};
  std::array<std::size_t, 4> widths{};
  const auto widen = [&](const Columns& columns) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      widths[i] = std::max(widths[i], columns[i].size());
    }
  };
  widen(kHeading);
  for (const Row& row : rows) widen(columns_of(row));
  std::string out;
  append_row(out, kHeading, widths);
  for (const Row& row : rows) append_row(out, columns_of(row), widths);
  return out;
}

ModelTable ask_for_models(std::shared_ptr<const config::Settings> settings) {
  return Asking(std::move(settings)).run();
}

}  // namespace penstock::app
