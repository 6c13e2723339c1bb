#include "app/command_line.h"

#include <iostream>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/version.h"
#include "imports/import.h"

namespace penstock::app {
namespace {

constexpr const char* kExamples = R"(
Examples:
  PASSTHROUGH_URL=http://127.0.0.1:8000 penstock serve
  penstock serve --config run.yaml --port 8321
  penstock check --config run.yaml
  penstock models --config run.yaml
  penstock import litellm config.yaml > run.yaml
  penstock explain-route smart --config run.yaml

Without --config there is one provider, `passthrough`, configured by PASSTHROUGH_URL
and PASSTHROUGH_API_KEY.
)";

constexpr const char* kServeExamples = R"(
Examples:
  penstock serve --config run.yaml
  PASSTHROUGH_URL=https://api.openai.com PASSTHROUGH_API_KEY=… penstock serve
  penstock serve --config run.yaml --host 0.0.0.0 --port 80

SIGTERM or SIGINT starts a drain: /readyz answers 503, and open requests are finished
within server.timeouts.drain. A second signal stops the server at once.
)";

constexpr const char* kCheckExamples = R"(
Examples:
  penstock check --config run.yaml

Prints the resolved configuration with secrets masked. If there are problems, prints
all of them as file:line:column: message, and exits with status 2.
)";

constexpr const char* kModelsExamples = R"(
Examples:
  penstock models --config run.yaml
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

constexpr const char* kExplainExamples = R"(
Examples:
  penstock explain-route smart --config run.yaml
  penstock explain-route smart --header x-session-id=42 --body request.json
  penstock explain-route smart --url http://127.0.0.1:8321 --api-key KEY

Asks the running server: that of --url, else the one at the address of the configuration.
If none runs there, the answer is that of a server which has just started. Nothing is sent
to an upstream but the question for its models.
)";

// Also without the option's name, where nothing else is.
void add_config_option(CLI::App& command, std::string& file,
                       const std::string& name = "file,--config,-c") {
  command.add_option(name, file, "configuration file, such as run.yaml")->type_name("FILE");
}

CLI::App* add_explain_command(CLI::App& app, ExplainOptions& options) {
  CLI::App* command = app.add_subcommand(
      "explain-route", "show which targets a request for a model would be sent to, and why");
  command->add_option("model", options.model, "as clients name it")->type_name("MODEL")->required();
  add_config_option(*command, options.config.file, "--config,-c");
  command->add_option("--header", options.headers, "a field of the request's head")
      ->type_name("NAME=VALUE");
  command->add_option("--body", options.body_file, "the request's body")->type_name("FILE");
  command->add_option("--path", options.path, "the request's path")
      ->type_name("PATH")
      ->capture_default_str();
  command->add_option("--url", options.url, "a running server")->type_name("URL");
  command->add_option("--api-key", options.api_key, "a key of that server")
      ->type_name("KEY")
      ->envname("PENSTOCK_API_KEY");
  command->footer(kExplainExamples);
  return command;
}

CLI::App* add_check_command(CLI::App& app, ConfigSource& source) {
  CLI::App* command =
      app.add_subcommand("check", "check a configuration file, then print what it resolves to");
  add_config_option(*command, source.file);
  command->footer(kCheckExamples);
  return command;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Penstock, an inference gateway: one endpoint for many services.", "penstock");
  app.footer(kExamples);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string(kVersion));

  ServeOptions serve_options;
  std::string host;
  std::uint16_t port = 0;
  CLI::App* serve_command = app.add_subcommand("serve", "serve requests until SIGTERM or SIGINT");
  add_config_option(*serve_command, serve_options.config.file);
  CLI::Option* host_option =
      serve_command->add_option("--host", host, "address to listen on")->type_name("H");
  CLI::Option* port_option =
      serve_command->add_option("--port,-p", port, "port to listen on; 0: any free port")
          ->type_name("N");
  serve_command->add_flag("--allow-anonymous", serve_options.allow_anonymous,
                          "allow serving a non-loopback address without API keys");
  serve_command->footer(kServeExamples);

  ConfigSource check_config;
  const CLI::App* check_command = add_check_command(app, check_config);

  ConfigSource models_config;
  CLI::App* models_command = app.add_subcommand("models", "list the models of the upstreams");
  add_config_option(*models_command, models_config.file);
  models_command->footer(kModelsExamples);

  ImportOptions import_options;
  CLI::App* import_command =
      app.add_subcommand("import", "print another gateway's configuration as one of Penstock");
  const std::map<std::string, imports::Source> sources = {
      {"litellm", imports::Source::kLiteLlm},
      {"llama-swap", imports::Source::kLlamaSwap},
      {"envoy", imports::Source::kEnvoy}};
  std::string source;
  import_command->add_option("FROM", source, "litellm, llama-swap or envoy")
      ->required()
      ->check(CLI::IsMember(&sources).description(""))
      ->type_name("");
  import_command->add_option("FILE", import_options.file, "its configuration file")
      ->required()
      ->type_name("");
  import_command->footer(kImportExamples);

  ExplainOptions explain_options;
  const CLI::App* explain_command = add_explain_command(app, explain_options);

  CLI::App* version_command = app.add_subcommand("version", "print the version");
  version_command->footer("\nExamples:\n  penstock version\n");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has a status for each kind of mistake; here they are merged.
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (*host_option) serve_options.host = host;
  if (*port_option) serve_options.port = port;
  if (*serve_command) return serve(serve_options);
  if (*check_command) return check(check_config);
  if (*import_command) {
    import_options.source = sources.at(source);
    return import_config(import_options);
  }
  if (*models_command) return list_models(models_config);
  if (*explain_command) return explain_route(explain_options);
  std::cout << "penstock " << kVersion << "\n";
  return 0;
}

}  // namespace penstock::app
