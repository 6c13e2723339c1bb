#pragma once

// The command line of `penstock prices`, which has commands of its own.

#include "app/command_entry.h"

namespace penstock::app {

Command add_prices_command(CLI::App& app);

}  // namespace penstock::app
