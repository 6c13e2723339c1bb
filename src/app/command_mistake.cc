#include "app/command_mistake.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/key_name.h"

namespace penstock::app {
namespace {

bool looks_like_option(std::string_view argument) {
  return argument.size() > 1 && argument.front() == '-';
}

// `--port` of `--port=1`, `-p` of `-p1`.
std::string_view option_name(std::string_view argument) {
  if (!argument.starts_with("--")) return argument.substr(0, 2);
  return argument.substr(0, argument.find('='));
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  const auto all = [](const CLI::Option*) { return true; };
  for (const CLI::Option* option : command.get_options(all)) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// Null: there is none.
const CLI::App* command_of(const CLI::App& app, std::string_view name) {
  for (const CLI::App* command : commands_of(app)) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

std::string unknown_option(const CLI::App& command, std::string_view option) {
  const std::vector<std::string> known = option_names(command);
  return fmt::format("there is no option {}; {}", config::shown_key(option),
                     config::suggestion(option, {known.begin(), known.end()}));
}

// The first argument that should have been a command.
std::string unknown_command(const CLI::App& app, std::string_view name) {
  const std::vector<std::string> names = command_names(app);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (looks_like_option(name)) {
    return fmt::format("a command must precede {}; the known ones are {}", config::shown_key(name),
                       fmt::join(known, ", "));
  }
  std::error_code ignored;
  if (config::nearest_key(name, known).empty() && std::filesystem::exists(name, ignored)) {
    return "a command must precede a file: penstock serve FILE";
  }
  return fmt::format("there is no command `{}`; {}", config::shown_key(name),
                     config::suggestion(name, known));
}

std::string unexpected_argument(const CLI::App& command,
                                const std::vector<std::string_view>& arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (!looks_like_option(argument)) continue;
    const std::string_view name = option_name(argument);
    if (command.get_option_no_throw(std::string(name)) == nullptr) {
      return unknown_option(command, name);
    }
  }
  const std::vector<std::string> rest = command.remaining();
  return fmt::format("there is one argument too many: {}",
                     config::shown_key(rest.empty() ? std::string() : rest.front()));
}

// CLI11 tells these two apart in words only: "--port: 1 required N missing", "--config: At Most 1
// required but received 2".
std::string wrong_count(std::string_view message) {
  const std::string_view name = message.substr(0, message.find(':'));
  return message.ends_with("missing") ? fmt::format("{} needs a value", name)
                                      : fmt::format("{} is given more than once", name);
}

std::string mistake_of(const CLI::App& command, const std::vector<std::string_view>& arguments,
                       const CLI::ParseError& error) {
  const std::string_view message = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return unexpected_argument(command, arguments);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return wrong_count(message);
  return std::string(message);
}

}  // namespace

std::string mistake_text(const CLI::App& app, const std::vector<std::string_view>& arguments,
                         const CLI::ParseError& error) {
  if (arguments.empty()) {
    return fmt::format("penstock: a command is missing; the known ones are {}\n{}",
                       fmt::join(command_names(app), ", "),
                       "`penstock --help` says what they do.\n");
  }
  const CLI::App* command = command_of(app, arguments.front());
  if (command == nullptr) {
    return fmt::format("penstock: {}\n`penstock --help` says what the commands do.\n",
                       unknown_command(app, arguments.front()));
  }
  const std::string name = "penstock " + command->get_name();
  return fmt::format("{}: {}\n`{} --help` shows its options, and examples.\n", name,
                     mistake_of(*command, {arguments.begin() + 1, arguments.end()}, error), name);
}

CLI::Validator number_up_to(std::uint64_t most) {
  const auto check = [most](const std::string& text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    if (problem == std::errc() && stop == end && value <= most) return std::string();
    return fmt::format("expected a number from 0 to {}, found {}", most, config::shown_key(text));
  };
  return CLI::Validator(check, "");
}

CLI::Validator one_of(std::vector<std::string_view> names) {
  const auto check = [names = std::move(names)](const std::string& text) {
    if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
    return fmt::format("`{}` is not known; {}", config::shown_key(text),
                       config::suggestion(text, names));
  };
  return CLI::Validator(check, "");
}

}  // namespace penstock::app
