#include "config/timeouts.h"

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

}  // namespace penstock::config
