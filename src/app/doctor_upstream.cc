#include "app/doctor_upstream.h"

#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "app/model_table.h"
#include "app/server_question.h"
#include "app/tls_contexts.h"
#include "core/ip_address.h"
#include "net/certificate.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/resolver.h"
#include "net/task_group.h"

namespace penstock::app {
namespace {

using std::chrono::milliseconds;
using Grade = Finding::Grade;

// One event loop for the duration of the look-up.
class LookUp {
 public:
  LookUp(const config::Url& url, milliseconds patience)
      : url_(url), until_(loop_.now() + patience) {}

  using Answer = Result<std::vector<net::SocketAddress>>;
  Answer run() {
    tasks_.spawn(ask());
    loop_.run();
    return std::move(*answer_);
  }

 private:
  Task<void> ask() {
    net::Question question{.host = url_.host, .port = url_.port};
    answer_ = co_await resolver_.resolve(std::move(question), until_, never_);
    loop_.stop();
  }

  const config::Url& url_;
  std::optional<Answer> answer_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_{clock_, poller_};
  const SteadyTime until_;
  net::LookupThreads lookups_{{.work = "look-ups of host names", .threads = 1}};
  net::SystemResolver resolver_{loop_, lookups_, lookups_};
  net::Signal never_;
  net::TaskGroup tasks_{loop_, [](std::string_view) {}};
};

// The Date field (RFC 9110 section 5.6.7).
std::optional<WallTime> date_of(const std::string& text) {
  std::tm date{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(timegm(&date));
}

class Examination {
 public:
  Examination(const config::Settings& settings, std::size_t provider, milliseconds patience)
      : settings_(settings), provider_(settings.providers[provider]), patience_(patience) {}

  Findings run() {
    if (!provider_.base_url) {
      add(Grade::kOk, "address", "each request names its upstream");
    } else if (const config::ForwardProxy* proxy = provider_.proxies.of(*provider_.base_url)) {
      add(Grade::kOk, "address",
          provider_.base_url->text() + " through the proxy " + proxy->text());
      list_models();
    } else if (look_up() && connect()) {
      list_models();
    }
    return std::move(findings_);
  }

 private:
  void add(Grade grade, std::string_view what, std::string message, std::string advice = {}) {
    findings_.push_back({.grade = grade,
                         .subject = subject(what),
                         .message = std::move(message),
                         .advice = std::move(advice)});
  }
  std::string subject(std::string_view what) const {
    return fmt::format("provider {}: {}", provider_.id, what);
  }

  bool look_up() {
    const config::Url& url = *provider_.base_url;
    if (!url.socket.empty() || IpAddress::parse(url.host)) return true;
    const auto answer = LookUp(*provider_.base_url, patience_).run();
    if (!answer) {
      add(Grade::kFail, "look-up", answer.error().message,
          "Check the host in base_url, and the name servers (/etc/resolv.conf).");
      return false;
    }
    std::string addresses;
    for (const net::SocketAddress& address : *answer) {
      addresses += (addresses.empty() ? "" : ", ") + address.host_text();
    }
    add(Grade::kOk, "look-up", provider_.base_url->host + " is " + addresses);
    return true;
  }

  // Without a key: any answer shows that the way is free.
  bool connect() {
    Result<net::TlsContext> tls = tls_context_of(provider_);
    if (!tls) {
      add(Grade::kFail, "TLS", tls.error().message, "Correct the provider's network.tls.");
      return false;
    }
    const net::PeerCertificateWatch watch(*tls);
    const Result<ServerReply> reply =
        ask_server(*provider_.base_url, {.target = provider_.base_url->path + "/models",
                                         .fields = {},
                                         .body = {},
                                         .patience = patience_,
                                         .tls = &*tls});
    if (!reply) {
      add(Grade::kFail, "connection", reply.error().message,
          "Does the service run, and is base_url its address? A firewall in between often answers "
          "nothing at all.");
      return false;
    }
    add(Grade::kOk, "connection", provider_.base_url->text() + " answers");
    const WallTime now = SystemClock().wall();
    if (watch.end()) {
      findings_.push_back(certificate_finding(subject("its certificate"), *watch.end(), now));
    }
    if (const auto date = date_of(reply->date)) {
      findings_.push_back(clock_finding(subject("clock"), *date, now));
    }
    return true;
  }

  void list_models() {
    if (provider_.is_asleep()) {
      add(Grade::kWarn, "models", "it has no key: only callers who bring theirs are served",
          "If it should have one, set its key, and the variable that the file names.");
      return;
    }
    auto alone = std::make_shared<config::Settings>();
    alone->server = settings_.server;
    alone->server.timeouts.model_list = patience_;
    alone->providers.push_back(provider_);
    const ModelTable table = ask_for_models(alone);
    if (!table.problems.empty()) {
      add(Grade::kFail, "models", without_id(table.problems.front()),
          "Check its key and base_url.");
      return;
    }
    const std::size_t models = table.rows.size();
    if (models == 0) {
      add(Grade::kWarn, "models", "it lists none",
          "Check allowed_models, and whether the service has loaded a model.");
      return;
    }
    add(Grade::kOk, "models", fmt::format("{} listed", models));
  }

  std::string without_id(const std::string& problem) const {
    const std::string prefix = "provider " + provider_.id + ": ";
    return problem.starts_with(prefix) ? problem.substr(prefix.size()) : problem;
  }

  const config::Settings& settings_;
  const config::Provider& provider_;
  const milliseconds patience_;
  Findings findings_;
};

}  // namespace

Findings examine_upstream(const config::Settings& settings, std::size_t provider,
                          milliseconds patience) {
  return Examination(settings, provider, patience).run();
}

}  // namespace penstock::app
