#pragma once

// What an answer tells a client of the limits of its key, in the fields that SDKs read:
// x-ratelimit-* (https://platform.openai.com/docs/guides/rate-limits) and, for clients of
// Anthropic's API, anthropic-ratelimit-* (https://docs.anthropic.com/en/api/rate-limits).

#include <string>
#include <string_view>

#include "gateway/exchange_facts.h"
#include "http/field_block.h"
#include "net/event_loop.h"

namespace penstock::gateway {

// Whether the client is told of rates of its key.
bool shows_limits(const ExchangeFacts& facts);
// Adds the fields for that.
void add_limit_fields(http::FieldBlock& fields, const ExchangeFacts& facts,
                      const net::EventLoop& loop);

// A time as Anthropic's API writes it (RFC 3339), in whole seconds.
std::string date_text(WallTime time);

// Whether an upstream's field of that name tells the same of the upstream's own limits; and what it
// is called where the client is told of its key's: `x-upstream-ratelimit-…`.
bool is_limit_field(std::string_view name);
std::string upstream_limit_field(std::string_view name);

}  // namespace penstock::gateway
