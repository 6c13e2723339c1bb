#pragma once

// Reload: takes the configuration again from where the server was started with it, and serves it.
//
// Everything that a request can notice changes for new requests; open ones end as they began. A
// configuration with a mistake, or with a change that needs a restart, is refused as a whole: what
// is served stays. Called by one thread at a time, never by an I/O thread.

#include <memory>
#include <string>
#include <vector>

#include "app/commands.h"
#include "app/configuration.h"
#include "app/service.h"
#include "telemetry/log.h"

namespace penstock::app {

class Reload {
 public:
  // All of it outlives the reload.
  Reload(const ServeOptions& options, Service& service, telemetry::Log& log)
      : options_(options), service_(service), log_(log) {}

  struct Outcome {
    bool is_served = false;
    // What has changed; or the problems, with file and line where they have one. Nothing in them is
    // confidential in the configuration that was served before, or in the new one.
    std::vector<std::string> lines;
  };
  // Also writes the lines to the log.
  Outcome run();

 private:
  Outcome take(const config::Settings& before, const ConfigurationToServe& wanted);

  const ServeOptions& options_;
  Service& service_;
  telemetry::Log& log_;
};

}  // namespace penstock::app
