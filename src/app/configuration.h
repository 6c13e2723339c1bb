#pragma once

// The configuration that a command is given.

#include <memory>
#include <vector>

#include "app/commands.h"
#include "config/file_reference.h"
#include "config/settings.h"

namespace penstock::app {

// Loads it, and writes its problems to stderr. Null if it cannot be used. Adds the files that it
// refers to, if they are asked for.
std::shared_ptr<config::Settings> load_configuration(
    const ConfigSource& source, std::vector<config::FileText>* files = nullptr);

}  // namespace penstock::app
