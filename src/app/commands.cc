#include "app/commands.h"

#include <csignal>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/asked_server.h"
#include "app/configuration.h"
#include "app/configuration_watch.h"
#include "app/file_text.h"
#include "app/model_table.h"
#include "app/reload.h"
#include "app/reload_queue.h"
#include "app/route_question.h"
#include "app/run_loop.h"
#include "app/service.h"
#include "app/service_manager.h"
#include "app/supervision.h"
#include "config/confidential.h"
#include "config/load.h"
#include "config/node.h"
#include "config/url.h"
#include "core/text.h"
#include "core/version.h"
#include "net/descriptor_limit.h"

namespace penstock::app {
namespace {

// A core dump would contain every key.
void forbid_core_dumps(telemetry::Log& log) {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) {
    log.warning("core dumps cannot be disabled; a core dump would contain keys in plain text");
  }
}

void log_start(telemetry::Log& log, const ServeOptions& options, const config::Settings& settings) {
  log.info("penstock " + std::string(kVersion) + " with " +
           (options.config.file.empty() ? "the built-in configuration" : options.config.file));
  for (const config::Provider& provider : settings.providers) {
    const config::ForwardProxy* const proxy =
        provider.base_url ? provider.proxies.of(*provider.base_url) : nullptr;
    log.info("provider " + provider.id + ": " +
             (provider.base_url ? provider.base_url->text() : "each request names its upstream") +
             (proxy != nullptr ? " through the proxy " + proxy->text() : ""));
  }
  log.info("access log: " + settings.server.access_log);
  if (!settings.server.tls_certfile.empty()) {
    log.info("TLS with the certificate in " + settings.server.tls_certfile);
  }
  if (geteuid() == 0) {
    log.warning(
        "running as root, which is not needed: run as a user without privileges "
        "(docs/operations.md)");
  }
}

std::string shown_place(const ListeningPlace& place, bool uses_tls) {
  const std::string_view scheme = place.is_socket() ? "" : (uses_tls ? "https://" : "http://");
  return std::string(scheme) + place.text();
}

// Of whoever rotates logs.
void reopen_access_log(Service& service, telemetry::Log& log) {
  const Status reopened = service.reopen_access_log();
  if (reopened) {
    log.info("the access log has been reopened");
  } else {
    log.error(reopened.error().message + "; it goes on in the file that is open");
  }
}

void write_problems(const std::vector<std::string>& problems, const Confidential& confidential) {
  for (std::string problem : problems) {
    confidential.mask(problem);
    std::cerr << "penstock: " << problem << "\n";
  }
}

Result<RouteQuestion> question_of(const ExplainOptions& options) {
  RouteQuestion question{.model = options.model,
                         .path = options.path,
                         .body = "{\"model\":" + json_quoted(options.model) + "}",
                         .fields = {}};
  if (!options.body_file.empty()) {
    std::optional<std::string> body = read_file(options.body_file, config::Limits().body_bytes);
    if (!body) {
      return failure(Error::client(ErrorKind::kInvalidRequest,
                                   "--body " + options.body_file + " cannot be read"));
    }
    question.body = std::move(*body);
  }
  for (const std::string& header : options.headers) {
    auto field = field_of(header);
    if (!field) return failure(std::move(field.error()));
    question.fields.push_back(std::move(*field));
  }
  if (!options.api_key.empty()) {
    question.fields.emplace_back("Authorization", "Bearer " + options.api_key);
  }
  return question;
}

// A server of our own, which nobody else knows: it answers as one that has just started.
Result<RouteReply> ask_new_server(const std::shared_ptr<config::Settings>& settings,
                                  const RouteQuestion& question) {
  config::Server& server = settings->server;
  server.host = "127.0.0.1";
  server.port = 0;
  server.threads = 1;
  server.tls_certfile.clear();
  server.api_keys.clear();
  server.access_log = "off";
  settings->admin.reset();
  telemetry::Log log(telemetry::LogLevel::kOff);
  auto service = Service::start(settings, log);
  if (!service) return failure(std::move(service.error()));
  const config::Url url{.host = server.host, .port = (*service)->place().port(), .path = {}};
  return ask_for_route(url, question, net::TlsContext::ClientOptions::Verify::kYes);
}

Result<RouteReply> ask_about_route(const ExplainOptions& options, const RouteQuestion& question,
                                   const AskedServer& server) {
  Result<RouteReply> reply =
      ask_for_route(server.url, question, server.verification(options.api_key));
  if (server.settings == nullptr) {
    if (!reply) reply.error().message.insert(0, "--url " + options.url + ": ");
    return reply;
  }
  const bool nobody = !reply && reply.error().kind == ErrorKind::kUpstreamUnreachable;
  if (!nobody) return reply;
  std::cerr << "penstock: no server runs at " << server.text()
            << "; a server that has just started would say:\n";
  return ask_new_server(server.settings, question);
}

}  // namespace

int serve(const ServeOptions& options) {
  const ConfigurationToServe configuration = configuration_to_serve(options);
  for (const std::string& problem : configuration.problems) std::cerr << problem << "\n";
  if (configuration.settings == nullptr) return kMistake;
  const std::shared_ptr<config::Settings>& settings = configuration.settings;
  const config::Server& server = settings->server;
  RunLoop run_loop;
  const Confidential confidential = config::confidential_of(*settings);
  telemetry::Log log(log_level(server.log_level), &confidential);
  if (!server.core_dumps) forbid_core_dumps(log);
  log_start(log, options, *settings);
  // At once: a change while the upstreams are asked for their models must be noticed, too.
  ConfigurationWatch watch(options.config.file, log);
  watch.follow(*settings);
  const std::size_t descriptors = net::raise_descriptor_limit();
  if (descriptors < 2 * server.limits.connections) {
    log.info("the descriptor limit, " + std::to_string(descriptors) +
             ", is less than 2 × server.limits.connections; raise it (LimitNOFILE)");
  }
  ReloadQueue reloads;
  auto service = Service::start(settings, log, &reloads);
  if (!service) {
    write_problems({service.error().message}, confidential);
    return kFailed;
  }
  const std::size_t models = (*service)->models();
  log.info("serving " + std::to_string(models) + (models == 1 ? " model" : " models"));
  log.info("listening on " + shown_place((*service)->place(), !server.tls_certfile.empty()));
  if (const ListeningPlace* const place = (*service)->admin_place()) {
    log.info("listening for operators on " + shown_place(*place, settings->admin->tls));
  }
  ServiceManager manager(config::process_environment(), log);
  const SystemClock clock;
  Supervision supervision({.clock = clock,
                           .manager = manager,
                           .pulse = (*service)->pulse(),
                           .models = [&] { return (*service)->models(); },
                           .open_requests = nullptr});
  Reload reload(options, **service, log);
  const auto take_new_configuration = [&]() -> gateway::ReloadResult {
    manager.reloading();
    const Reload::Outcome outcome = reload.run();
    if (outcome.is_served) watch.follow(*(*service)->settings());
    supervision.serving();
    return {.is_served = outcome.is_served, .lines = outcome.lines};
  };
  run_loop.on(SIGHUP, take_new_configuration);
  run_loop.on({.descriptor = [&] { return reloads.descriptor(); },
               .due = [] { return std::nullopt; },
               .reaction = [&] { reloads.answer(take_new_configuration); }});
  run_loop.on(SIGUSR1, [&] { reopen_access_log(**service, log); });
  run_loop.on({.descriptor = [&] { return watch.descriptor(); },
               .due = [&] { return watch.due(); },
               .reaction =
                   [&] {
                     if (watch.has_changed(clock.steady())) take_new_configuration();
                   }});
  run_loop.run(**service, supervision, log);
  log.info("ended");
  return kSuccess;
}

int check(const ConfigSource& config) {
  const std::shared_ptr<config::Settings> settings = load_configuration(config);
  if (settings == nullptr) return kMistake;
  const Confidential confidential = config::confidential_of(*settings);
  const std::vector<std::string> faults = Service::faults_of(*settings);
  write_problems(faults, confidential);
  if (!faults.empty()) return kMistake;
  if (const std::string host = host_open_to_strangers(*settings); !host.empty()) {
    write_problems({"warning: " + anonymous_refusal(host)}, confidential);
  }
  std::string text = config::describe(*settings);
  confidential.credentials.mask(text);
  std::cout << text;
  return kSuccess;
}

int list_models(const ConfigSource& config) {
  const std::shared_ptr<config::Settings> settings = load_configuration(config);
  if (settings == nullptr) return kMistake;
  std::signal(SIGPIPE, SIG_IGN);
  const ModelTable table = ask_for_models(settings);
  const Confidential confidential = config::confidential_of(*settings);
  write_problems(table.warnings, confidential);
  write_problems(table.problems, confidential);
  std::string text = table.text();
  confidential.mask(text);
  std::cout << text;
  return table.problems.empty() ? kSuccess : kFailed;
}

int import_config(const ImportOptions& options) {
  const std::optional<std::string> text = read_file(options.file, config::kDocumentBytesMax);
  if (!text) {
    std::cerr << "penstock: " << options.file << " cannot be read\n";
    return kMistake;
  }
  const imports::Imported imported = imports::import_text(options.source, *text, options.file);
  for (const config::Problem& remark : imported.remarks) std::cerr << remark.text() << "\n";
  if (imported.text.empty()) return kMistake;
  std::cout << imported.text;
  return kSuccess;
}

int explain_route(const ExplainOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  const Result<RouteQuestion> question = question_of(options);
  if (!question) {
    std::cerr << "penstock: " << question.error().message << "\n";
    return kMistake;
  }
  const std::optional<AskedServer> server = server_to_ask(options.url, options.config);
  if (!server) return kMistake;
  const Result<RouteReply> reply = ask_about_route(options, *question, *server);
  if (!reply) {
    std::cerr << "penstock: " << reply.error().message << "\n";
    return kFailed;
  }
  if (reply->status != 200) {
    std::cerr << "penstock: the server answered " << reply->status
              << (reply->status == 401 ? "; give a key with --api-key" : "") << ": " << reply->body
              << "\n";
    return kFailed;
  }
  if (!reply->is_text) {
    std::cerr
        << "penstock: the server answered something other than a route: it is no Penstock, or "
           "an older one\n";
    return kFailed;
  }
  std::cout << reply->body;
  return kSuccess;
}

}  // namespace penstock::app
