#pragma once

// The one description of the settings (load.h prints it), for any kind of writer.

#include "config/description_writer.h"
#include "config/settings.h"

namespace penstock::config {

// `settings` live as long as what is written.
void describe(const Settings& settings, DescriptionWriter& out);

}  // namespace penstock::config
