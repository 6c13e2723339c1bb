#include "app/prices_command_line.h"

#include <memory>
#include <string>
#include <vector>

#include "app/commands.h"

namespace penstock::app {
namespace {

constexpr const char* kPricesExamples = R"(
Examples:
  penstock prices show gpt-5.5
  penstock prices show llama --provider vllm run.yaml
  penstock prices check prices.json
  penstock prices update --from model_prices_and_context_window.json run.yaml

Prices are US dollars for a million tokens. They come from the file that the configuration
names, or the installed one, and from prices.override. Files have the shape of LiteLLM's
model_prices_and_context_window.json. A running server takes a new file when it is reloaded.
)";

Command add_show_command(CLI::App& prices) {
  const auto options = std::make_shared<PricesShowOptions>();
  CLI::App* command = prices.add_subcommand("show", "print what a model costs");
  command->add_option("MODEL", options->model, "as its upstream names it")
      ->type_name("")
      ->required();
  add_config_option(*command, options->config.file);
  command->add_option("--provider", options->provider, "a provider's id or type")->type_name("P");
  return {command, [options] { return show_price(*options); }};
}

Command add_check_file_command(CLI::App& prices) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command = prices.add_subcommand("check", "look whether a file of prices is sound");
  command->add_option("FILE", *file, "the file")->type_name("")->required();
  return {command, [file] { return check_prices(*file); }};
}

Command add_update_command(CLI::App& prices) {
  const auto options = std::make_shared<PricesUpdateOptions>();
  CLI::App* command =
      prices.add_subcommand("update", "put a newer file of prices in the place of the one in use");
  command->add_option("--from", options->from, "the newer file")->type_name("FILE")->required();
  command->add_option("--to", options->to, "instead of the one in use")->type_name("FILE");
  add_config_option(*command, options->config.file);
  return {command, [options] { return update_prices(*options); }};
}

}  // namespace

Command add_prices_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("prices", "show, check and update what models cost");
  command->require_subcommand(1);
  command->footer(kPricesExamples);
  const std::vector<Command> inner = {add_show_command(*command), add_check_file_command(*command),
                                      add_update_command(*command)};
  return {command, [inner] {
            for (const Command& each : inner) {
              if (*each.app) return each.run();
            }
            return kMistake;
          }};
}

}  // namespace penstock::app
