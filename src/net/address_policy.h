#pragma once

// Which addresses a caller's URL may lead to.
//
// A gateway that connects wherever a caller says would open the operator's internal network to the
// world (server-side request forgery): metadata services, databases, its own admin pages. So a
// caller's host is resolved, every address is checked here, and the connection is made to exactly
// the address that was checked. Hosts of the operator's configuration are not checked.

#include "core/ip_address.h"

namespace penstock::net {

// Whether the address is on the public internet: not of this host, a private network, a link, a
// multicast group, an address translator or tunnel that could lead back inside, or otherwise
// reserved (IANA special-purpose address registries). An IPv4-mapped address is checked as the IPv4
// address in it.
bool is_public(const IpAddress& address);

}  // namespace penstock::net
