#pragma once

// Whether two entries of providers.inference[] lead to one upstream, before and after a change of
// the configuration.

#include "config/settings.h"

namespace penstock::config {

// Whether what is known about one says something about the other: its health, its cooldowns, its
// models. The name, the addresses, and everything that the upstream takes for a credential.
bool is_same_upstream(const Provider& a, const Provider& b);

// Whether open connections of one may serve requests of the other: the same upstream, reached in
// the same way and with the same limits. Certificates and keys are compared by their files' names.
bool has_same_connections(const Provider& a, const Provider& b);

}  // namespace penstock::config
