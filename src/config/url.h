#pragma once

// Strict decoding of http and https URLs (RFC 3986): anything but a plain base URL of a service is
// refused with a message that says why.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/result.h"

namespace penstock::config {

// How a URL may lead to its service. A caller must never reach a unix socket of this machine.
enum class Ways : std::uint8_t { kTcp, kTcpAndSockets };

// An absolute http or https URL without user information, query or fragment. Host names are
// letters, digits, dots, hyphens and underscores, or an IP address (IPv6 in brackets); ports are 1
// to 65535. The path keeps its bytes; trailing slashes are dropped. A unix socket is
// `http+unix://%2Frun%2Fx.sock/v1`, `unix:/run/x.sock:/v1`, or the latter after `http://`, as nginx
// has it. Fails with kInvalidRequest.
Result<Url> parse_url(std::string_view text, Ways ways = Ways::kTcp);

// The URL below which a service has its endpoints; refuses an endpoint's own URL, such as
// `…/v1/chat/completions`. With kEndsInV1, `/v1` is appended unless the path already ends in it.
Result<Url> parse_base_url(std::string_view text, BasePath base_path = BasePath::kEndsInV1,
                           Ways ways = Ways::kTcp);

// The path of a unix socket: absolute, and short enough for the kernel.
Status check_socket_path(std::string_view path);

// The path in `unix:/run/x.sock`, the host of a server that listens on a socket; empty for any
// other host.
std::string_view socket_of_host(std::string_view host);

// A host alone, as parse_url() accepts it; IPv6 with or without brackets. The result is lower case,
// without brackets, and in the canonical form of the address, so that hosts can be compared.
Result<std::string> parse_host(std::string_view text);

// An entry of server.caller_url_hosts: a host, `host:port` or `host:*`; IPv6 with a port in
// brackets.
Result<CallerUrlHost> parse_caller_url_host(std::string_view text);

}  // namespace penstock::config
