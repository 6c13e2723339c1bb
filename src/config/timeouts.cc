#include "config/timeouts.h"

#include <algorithm>

#include <array>

#include "config/settings.h"

namespace penstock::config {

AttemptTimeouts effective_timeouts(const Timeouts& server, const RouteTimeouts& provider,
                                   const RouteTimeouts& route, const RouteTimeouts& target) {
  const std::array places = {&target, &route, &provider};
  const auto narrowest = [&](std::optional<milliseconds> RouteTimeouts::* field,
                             milliseconds last) {
    for (const RouteTimeouts* place : places) {
      if (place->*field) return *(place->*field);
    }
    return last;
  };
  return {.connect = narrowest(&RouteTimeouts::connect, server.connect),
          .first_byte = narrowest(&RouteTimeouts::first_byte, server.first_byte),
          .first_token = narrowest(&RouteTimeouts::first_token, server.first_token),
          .between_bytes = narrowest(&RouteTimeouts::between_bytes, server.between_bytes),
          .request = narrowest(&RouteTimeouts::request, server.request)};
}

AttemptTimeouts with_first_byte_bounded(AttemptTimeouts timeouts) {
  const auto first_token = timeouts.first_token;
  if (first_token.count() == 0) return timeouts;
  const bool has_limit = timeouts.first_byte.count() > 0;
  timeouts.first_byte = has_limit ? std::min(timeouts.first_byte, first_token) : first_token;
  return timeouts;
}

}  // namespace penstock::config
