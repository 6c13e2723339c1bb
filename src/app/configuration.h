#pragma once

// The configuration that a command is given.

#include <memory>

#include "app/commands.h"
#include "config/settings.h"

namespace penstock::app {

// Loads it, and writes its problems to stderr. Null if it cannot be used.
std::shared_ptr<config::Settings> load_configuration(const ConfigSource& source);

}  // namespace penstock::app
