#include "app/command_line.h"

#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/version.h"

namespace penstock::app {
namespace {

constexpr const char* kExamples = R"(
Examples:
  PASSTHROUGH_URL=http://127.0.0.1:8000 penstock serve
  penstock serve --config run.yaml --port 8321
  penstock check --config run.yaml
  penstock models --config run.yaml

Without --config there is one provider, `passthrough`, from PASSTHROUGH_URL and
PASSTHROUGH_API_KEY.
)";

constexpr const char* kServeExamples = R"(
Examples:
  penstock serve --config run.yaml
  PASSTHROUGH_URL=https://api.openai.com PASSTHROUGH_API_KEY=… penstock serve
  penstock serve --config run.yaml --host 0.0.0.0 --port 80

SIGTERM or SIGINT begins an orderly end: /readyz turns 503, open work is finished
(server.timeouts.drain limits it); a second signal ends at once.
)";

constexpr const char* kCheckExamples = R"(
Examples:
  penstock check --config run.yaml

Prints the resolved configuration with secrets masked. Problems are printed as
file:line:column: message, all of them, and the exit status is then 2.
)";

constexpr const char* kModelsExamples = R"(
Examples:
  penstock models --config run.yaml
  PASSTHROUGH_URL=http://127.0.0.1:11434 penstock models
)";

void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("--config,-c", file, "configuration file (a run.yaml)")->type_name("FILE");
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Penstock, an inference gateway: one endpoint before many services.", "penstock");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(kVersion));

  ServeOptions serve_options;
  std::string host;
  std::uint16_t port = 0;
  CLI::App* serve_command = app.add_subcommand("serve", "serve requests until a signal ends it");
  add_config_option(*serve_command, serve_options.config.file);
  CLI::Option* host_option =
      serve_command->add_option("--host", host, "address to listen on")->type_name("H");
  CLI::Option* port_option =
      serve_command->add_option("--port,-p", port, "port to listen on; 0: any")->type_name("N");
  serve_command->add_flag("--allow-anonymous", serve_options.allow_anonymous,
                          "serve without API keys on an address other than loopback");
  serve_command->footer(kServeExamples);

  ConfigSource check_config;
  CLI::App* check_command = app.add_subcommand("check", "check a configuration and print it");
  add_config_option(*check_command, check_config.file);
  check_command->footer(kCheckExamples);

  ConfigSource models_config;
  CLI::App* models_command = app.add_subcommand("models", "list what the upstreams serve");
  add_config_option(*models_command, models_config.file);
  models_command->footer(kModelsExamples);

  CLI::App* version_command = app.add_subcommand("version", "print the version");
  version_command->footer("\nExamples:\n  penstock version\n");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has statuses of its own for each kind of mistake; here all of them are one.
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*host_option) serve_options.host = host;
  if (*port_option) serve_options.port = port;
  if (*serve_command) return serve(serve_options);
  if (*check_command) return check(check_config);
  if (*models_command) return list_models(models_config);
  std::cout << "penstock " << kVersion << "\n";
  return 0;
}

}  // namespace penstock::app
