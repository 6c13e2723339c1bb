#pragma once

// What the parts of the command line have in common.

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

namespace penstock::app {

// A command, and what runs it. Its options are shared with the parser, which fills them.
struct Command {
  CLI::App* app;
  std::function<int()> run;
};

inline void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("FILE,--config,-c", file, "configuration file, such as run.yaml")
      ->type_name("FILE");
}

}  // namespace penstock::app
