#pragma once

// Which header fields may be filled from provider data (forward_headers), which of a client's own
// may pass (forward_client_headers), and which may be configured at all: the reference's rules (its
// providers/utils/forward_headers.py) and a proxy's additions. Pure functions on names; case is
// ignored.

#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// A token (RFC 9110 section 5.6.2).
bool is_header_name(std::string_view name);

// Fields that the gateway itself writes or removes: connection and framing (RFC 9110 sections 7.2
// and 7.6.1, RFC 9112 section 6), and the codings that it negotiates. Configuration cannot set
// them.
bool is_managed_header(std::string_view name);

// Fields that no caller's value may fill: the managed ones, everything that begins with `content-`
// or `x-forwarded-`, cookies, and what upstreams trust as the client's address or identity.
// Authorization is not among them: forward_headers exists to forward it.
bool is_blocked_header(std::string_view name);

// The same with the operator's additions (extra_blocked_headers).
bool is_blocked_header(std::string_view name, const std::vector<std::string>& extra);

// Fields that carry a credential, by their name: authorization, cookie, session and signature, and
// names that contain auth, key, token, secret, password and the like.
bool is_credential_header(std::string_view name);

// Why a field of a client's head never passes to an upstream, whatever the operator says; empty if
// it may. Configuration refuses such a name, and no such field passes by a name with a star. A star
// at the end stands for any text: only what holds for every such name is said of it. Sessions are
// no credentials here: they tell an upstream what it has cached.
std::string_view why_client_header_stays(std::string_view name);

// Fields that every request to an upstream has, with the client's value if it gave one.
bool always_passes(std::string_view name);

// Keys of provider data with this prefix belong to the server and are never forwarded.
inline constexpr std::string_view kReservedKeyPrefix = "__";

}  // namespace penstock::config
