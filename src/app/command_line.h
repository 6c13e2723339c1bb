#pragma once

// The command line: `penstock serve | check | models | version`.

namespace penstock::app {

// Runs the command and returns the process' exit status: 0 for success, 1 where something failed,
// 2 for mistakes in the command line or the configuration.
int run_command_line(int argc, char** argv);

}  // namespace penstock::app
