#pragma once

// A BIO over a Stream, for TLS inside a tunnel: through a proxy, which may itself be reached over
// TLS. TLS on a socket uses the socket directly.

#include <openssl/bio.h>

#include "net/stream.h"

namespace penstock::net {

// `below` outlives it. Null if there is no memory. A read or write that would block asks OpenSSL to
// try again; the signals of `below` say when.
BIO* new_stream_bio(Stream& below);

}  // namespace penstock::net
