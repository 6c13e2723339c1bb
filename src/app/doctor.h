#pragma once

// `penstock doctor`: looks at what a server of a configuration needs, and says what to do.

#include "app/commands.h"

namespace penstock::app {

struct DoctorOptions {
  ConfigSource config;
  bool json = false;
};

// Returns the exit status: 0 if nothing has failed, though there may be warnings.
int doctor(const DoctorOptions& options);

}  // namespace penstock::app
