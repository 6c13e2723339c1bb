#pragma once

// The command line: `penstock serve | check | models | import | explain-route | health | version`.

namespace penstock::app {

// Runs the command and returns the process's exit status: 0 for success, 1 for a failure, 2 for
// mistakes in the command line or the configuration.
int run_command_line(int argc, char** argv);

}  // namespace penstock::app
