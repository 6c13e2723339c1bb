#include "app/command_line.h"

#include <array>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/command_entry.h"
#include "app/command_mistake.h"
#include "app/commands.h"
#include "app/doctor.h"
#include "app/init.h"
#include "app/prices_command_line.h"
#include "core/version.h"
#include "imports/import.h"

namespace penstock::app {
namespace {

constexpr const char* kExamples = R"(
Examples:
  PASSTHROUGH_URL=http://127.0.0.1:8000 penstock serve
  penstock serve run.yaml --port 8321
  penstock check run.yaml
  penstock diff run.yaml new.yaml
  penstock models run.yaml
  penstock init http://127.0.0.1:11434 > run.yaml
  penstock import litellm config.yaml > run.yaml
  penstock explain-route smart run.yaml

Without a file there is one provider, `passthrough`, configured by PASSTHROUGH_URL
and PASSTHROUGH_API_KEY.
)";

constexpr const char* kServeExamples = R"(
Examples:
  penstock serve run.yaml
  PASSTHROUGH_URL=https://api.openai.com PASSTHROUGH_API_KEY=… penstock serve
  penstock serve run.yaml --host 0.0.0.0 --port 80

SIGTERM or SIGINT starts a drain: /readyz answers 503, and open requests are finished
within server.timeouts.drain. A second signal stops the server at once.
)";

constexpr const char* kCheckExamples = R"(
Examples:
  penstock check run.yaml

Prints the resolved configuration with secrets masked. If there are problems, prints
all of them as file:line:column: message, and exits with status 2.
)";

constexpr const char* kModelsExamples = R"(
Examples:
  penstock models run.yaml
  PASSTHROUGH_URL=http://127.0.0.1:11434 penstock models
)";

constexpr const char* kImportExamples = R"(
Examples:
  penstock import litellm config.yaml > run.yaml
  penstock import llama-swap config.yaml > run.yaml
  penstock import envoy routes.yaml > run.yaml

Prints a configuration of Penstock. What could not be carried over is listed on stderr
as file:line:column: message. Secrets are not printed: the configuration refers to
variables of the environment, which the list names.
)";

constexpr const char* kInitExamples = R"(
Examples:
  penstock init > run.yaml
  penstock init http://127.0.0.1:11434 --output run.yaml
  OPENAI_API_KEY=… penstock init https://api.openai.com/v1 --output run.yaml
  MY_KEY=… penstock init https://llm.example.com/v1 --key-env MY_KEY

Asks a service for its models, and prints a configuration with comments that serves it.
Without a URL, looks for Ollama, vLLM, llama.cpp and LM Studio on this machine. A key is
read from the environment, now and by the server: the file only names its variable.
)";

constexpr const char* kDoctorExamples = R"(
Examples:
  penstock doctor run.yaml
  penstock doctor run.yaml --json

Looks at what a server of this configuration needs: each upstream's host, connection,
certificate, clock and models, certificates and keys in files, and the system's limits.
Each line begins with ok, warn or fail; the exit status is 1 if one has failed.
)";

constexpr const char* kExplainExamples = R"(
Examples:
  penstock explain-route smart run.yaml
  penstock explain-route smart --header x-session-id=42 --body request.json
  penstock explain-route smart --url http://127.0.0.1:8321 --api-key KEY

Asks the running server: that of --url, else the one at the address of the configuration.
If none runs there, the answer is that of a server which has just started. Nothing is sent
to an upstream but the question for its models.
)";

constexpr const char* kDiffExamples = R"(
Examples:
  penstock diff run.yaml new.yaml
  penstock diff --json run.yaml new.yaml

Prints what would change, by its effect on a running server. Secrets are not printed. Exits
with status 0 if nothing changes, 1 if something does, 2 if a file cannot be used.
)";

constexpr const char* kReloadExamples = R"(
Examples:
  penstock reload run.yaml
  penstock reload --url https://gateway.example.com --api-key KEY

Asks the running server: that of --url, else the one at the address of the configuration. It
takes the file again that it was started with. Prints what has changed, and exits with status 0;
or prints the problems, with status 1: then nothing has changed.
)";

constexpr const char* kHealthExamples = R"(
Examples:
  penstock health run.yaml
  penstock health --ready --url http://127.0.0.1:8321

Asks the running server: that of --url, else the one at the address of the configuration.
Exits with status 0 if it is well, 1 if it is not or does not answer within ten seconds.
)";

constexpr const char* kStoreExamples = R"(
Examples:
  penstock store check /var/lib/penstock
  penstock store backup /var/lib/penstock /var/backups/penstock-2026-01-31
  penstock store migrate /var/lib/penstock

A server may use the store while it is checked or copied, but not while it is migrated:
a server migrates its store when it starts. A copy is a store of its own. Exits with status
0, or 1 with the reason.
)";

Command add_serve_command(CLI::App& app) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "serve requests until SIGTERM or SIGINT");
  add_config_option(*command, options->config.file);
  command->add_option("--host", options->host, "address to listen on")->type_name("H");
  command->add_option("--port,-p", options->port, "port to listen on; 0: any free port")
      ->type_name("N")
      ->check(number_up_to(std::numeric_limits<std::uint16_t>::max()));
  command->add_flag("--allow-anonymous", options->allow_anonymous,
                    "allow serving a non-loopback address without API keys");
  command->footer(kServeExamples);
  return {command, [options] { return serve(*options); }};
}

Command add_check_command(CLI::App& app) {
  const auto source = std::make_shared<ConfigSource>();
  CLI::App* command =
      app.add_subcommand("check", "check a configuration file, then print what it resolves to");
  add_config_option(*command, source->file);
  command->footer(kCheckExamples);
  return {command, [source] { return check(*source); }};
}

Command add_diff_command(CLI::App& app) {
  const auto options = std::make_shared<DiffOptions>();
  CLI::App* command =
      app.add_subcommand("diff", "show what would change from one configuration to another");
  command->add_option("OLD", options->before, "a configuration file")->required()->type_name("");
  command->add_option("NEW", options->after, "another one")->required()->type_name("");
  command->add_flag("--json", options->json, "print JSON");
  command->footer(kDiffExamples);
  return {command, [options] { return diff(*options); }};
}

Command add_models_command(CLI::App& app) {
  const auto source = std::make_shared<ConfigSource>();
  CLI::App* command = app.add_subcommand("models", "list the models of the upstreams");
  add_config_option(*command, source->file);
  command->footer(kModelsExamples);
  return {command, [source] { return list_models(*source); }};
}

Command add_import_command(CLI::App& app) {
  static constexpr std::array<std::pair<std::string_view, imports::Source>, 3> kSources = {
      {{"litellm", imports::Source::kLiteLlm},
       {"llama-swap", imports::Source::kLlamaSwap},
       {"envoy", imports::Source::kEnvoy}}};
  const auto options = std::make_shared<ImportOptions>();
  CLI::App* command =
      app.add_subcommand("import", "print another gateway's configuration as one of Penstock");
  std::vector<std::string_view> names;
  for (const auto& [name, source] : kSources) names.push_back(name);
  const auto choose = [options](const std::string& chosen) {
    for (const auto& [name, source] : kSources) {
      if (name == chosen) options->source = source;
    }
  };
  command->add_option_function<std::string>("FROM", choose, "litellm, llama-swap or envoy")
      ->required()
      ->check(one_of(names))
      ->type_name("");
  command->add_option("FILE", options->file, "its configuration file")->required()->type_name("");
  command->footer(kImportExamples);
  return {command, [options] { return import_config(*options); }};
}

Command add_explain_command(CLI::App& app) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand(
      "explain-route", "show which targets a request for a model would be sent to, and why");
  command->add_option("MODEL", options->model, "as clients name it")->type_name("")->required();
  add_config_option(*command, options->config.file);
  command->add_option("--header", options->headers, "a field of the request's head")
      ->type_name("NAME=VALUE");
  command->add_option("--body", options->body_file, "the request's body")->type_name("FILE");
  command->add_option("--path", options->path, "the request's path")
      ->type_name("PATH")
      ->capture_default_str();
  command->add_option("--url", options->url, "a running server")->type_name("URL");
  command->add_option("--api-key", options->api_key, "a key of that server")
      ->type_name("KEY")
      ->envname("PENSTOCK_API_KEY");
  command->footer(kExplainExamples);
  return {command, [options] { return explain_route(*options); }};
}

Command add_health_command(CLI::App& app) {
  const auto options = std::make_shared<HealthOptions>();
  CLI::App* command = app.add_subcommand("health", "ask a running server whether it is well");
  add_config_option(*command, options->config.file);
  command->add_option("--url", options->url, "a running server")->type_name("URL");
  command->add_option("--port,-p", options->port, "its port, instead of the configuration's")
      ->type_name("N")
      ->check(number_up_to(std::numeric_limits<std::uint16_t>::max()));
  command->add_flag("--ready", options->ready, "ask whether it should get traffic");
  command->footer(kHealthExamples);
  return {command, [options] { return health(*options); }};
}

Command add_reload_command(CLI::App& app) {
  const auto options = std::make_shared<ReloadOptions>();
  CLI::App* command =
      app.add_subcommand("reload", "let a running server take its configuration again");
  add_config_option(*command, options->config.file);
  command->add_option("--url", options->url, "a running server")->type_name("URL");
  command->add_option("--api-key", options->api_key, "a key of that server, with the role admin")
      ->type_name("KEY")
      ->envname("PENSTOCK_API_KEY");
  command->footer(kReloadExamples);
  return {command, [options] { return reload(*options); }};
}

Command add_init_command(CLI::App& app) {
  const auto options = std::make_shared<InitOptions>();
  CLI::App* command =
      app.add_subcommand("init", "ask a service for its models, and write a configuration");
  command->add_option("URL", options->url, "of the service; without one, look on this machine")
      ->type_name("");
  command->add_option("--output,-o", options->output, "a new file instead of the terminal")
      ->type_name("FILE");
  command->add_option("--key-env", options->key_variable, "the variable with the service's key")
      ->type_name("NAME");
  command->footer(kInitExamples);
  return {command, [options] { return init(*options); }};
}

Command add_doctor_command(CLI::App& app) {
  const auto options = std::make_shared<DoctorOptions>();
  CLI::App* command = app.add_subcommand(
      "doctor", "look at upstreams, certificates and limits, and say what to do");
  add_config_option(*command, options->config.file);
  command->add_flag("--json", options->json, "print the findings as JSON");
  command->footer(kDoctorExamples);
  return {command, [options] { return doctor(*options); }};
}

Command add_store_command(CLI::App& app) {
  using Action = StoreOptions::Action;
  static constexpr std::array<std::pair<std::string_view, Action>, 3> kActions = {
      {{"check", Action::kCheck}, {"backup", Action::kBackUp}, {"migrate", Action::kMigrate}}};
  const auto options = std::make_shared<StoreOptions>();
  CLI::App* command =
      app.add_subcommand("store", "look at the files of a store, copy or migrate them");
  std::vector<std::string_view> names;
  for (const auto& [name, action] : kActions) names.push_back(name);
  const auto choose = [options](const std::string& chosen) {
    for (const auto& [name, action] : kActions) {
      if (name == chosen) options->action = action;
    }
  };
  command->add_option_function<std::string>("ACTION", choose, "check, backup or migrate")
      ->required()
      ->check(one_of(names))
      ->type_name("");
  command->add_option("FOLDER", options->folder, "of the store")->required()->type_name("");
  command->add_option("COPY", options->copy, "a new folder, of a backup")->type_name("");
  command->footer(kStoreExamples);
  return {command, [options] { return keep_store(*options); }};
}

Command add_version_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("version", "print the version");
  command->footer("\nExamples:\n  penstock version\n");
  return {command, [] {
            std::cout << "penstock " << kVersion << "\n";
            return 0;
          }};
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Penstock, an inference gateway: one endpoint for many services.", "penstock");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(kVersion));
  const std::vector<Command> commands = {
      add_serve_command(app),   add_check_command(app),  add_diff_command(app),
      add_models_command(app),  add_init_command(app),   add_import_command(app),
      add_explain_command(app), add_health_command(app), add_reload_command(app),
      add_doctor_command(app),  add_prices_command(app), add_store_command(app),
      add_version_command(app)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::cerr << mistake_text(app, {argv + 1, argv + argc}, error);
    return 2;
  }
  for (const Command& command : commands) {
    if (*command.app) return command.run();
  }
  return 2;
}

}  // namespace penstock::app
