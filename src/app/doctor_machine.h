#pragma once

// What `penstock doctor` finds out about this machine: certificates and secrets in files, and the
// system's limits.

#include <optional>
#include <string>
#include <string_view>

#include "app/diagnosis.h"
#include "config/settings.h"

namespace penstock::app {

// The ends of the certificates that are shown: the server's, and those for upstreams. Authorities
// end without harm as long as others remain.
Findings examine_certificates(const config::Settings& settings, WallTime now);

// Files that others may read although they hold secrets. `file`: the configuration; empty: none.
Findings examine_secrets(const config::Settings& settings, const std::string& file);

// Descriptors, cores, memory.
Findings examine_limits(const config::Settings& settings);

// How many cores a cgroup's cpu.max allows, "200000 100000": 2. Nullopt: no limit.
std::optional<double> cores_of(std::string_view cpu_max);

}  // namespace penstock::app
