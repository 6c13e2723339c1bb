#pragma once

// `penstock init`: asks upstreams for their models, and writes a configuration that serves them.

#include <span>
#include <string>
#include <string_view>

namespace penstock::app {

struct InitOptions {
  std::string url;     // empty: look for services on this machine
  std::string output;  // a file that must not exist; empty: stdout
  std::string
      key_variable;  // of the environment; empty: the usual one of the service, if it is set
};

// Where a service listens unless it is told otherwise.
struct LocalService {
  std::string url;
  std::string name;
};
std::span<const LocalService> usual_local_services();

// Returns the exit status.
int init(const InitOptions& options, std::span<const LocalService> local = usual_local_services());

}  // namespace penstock::app
