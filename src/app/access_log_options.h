#pragma once

// From the settings to the access log.

#include "config/settings.h"
#include "telemetry/access_log.h"

namespace penstock::app {

// Colours are for terminals, and not if the environment has NO_COLOR (no-color.org).
telemetry::AccessLog::Options access_log_options(const config::Server& server);

}  // namespace penstock::app
