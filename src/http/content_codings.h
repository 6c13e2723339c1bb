#pragma once

// The content codings that a head names (RFC 9110 section 8.4).

#include <optional>

#include "http/head.h"
#include "wire/bodies/content_coding.h"

namespace penstock::http {

// Those of all Content-Encoding fields, which are one list (RFC 9110 section 5.3). Nothing where
// one of them is unknown, or where there are too many.
std::optional<wire::ContentCodings> codings_of(const Fields& fields);

}  // namespace penstock::http
