#include "config/decode_timeouts.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "config/measures.h"

namespace penstock::config {
namespace {

template <std::optional<milliseconds> RouteTimeouts::* field, milliseconds::rep least_ms>
constexpr Key<RouteTimeouts> route_timeout(std::string_view name) {
  return {name, "duration", "none",
          [](Decoder& decoder, const Node& node, RouteTimeouts& timeouts) {
            store(decoder.duration(node, {milliseconds(least_ms), kLongest}), timeouts.*field);
          }};
}

constexpr std::array kRouteTimeoutsKeys = {
    route_timeout<&RouteTimeouts::connect, kShortest.count()>("connect"),
    route_timeout<&RouteTimeouts::first_byte, kShortest.count()>("first_byte"),
    route_timeout<&RouteTimeouts::first_token, kOff.count()>("first_token"),
    route_timeout<&RouteTimeouts::between_bytes, kShortest.count()>("between_bytes"),
    route_timeout<&RouteTimeouts::request, kOff.count()>("request"),
};

constexpr std::string_view kRead = "read";

// `read` gives way to the keys that say more, wherever these are.
void decode_read(Decoder& decoder, const Node& node, RouteTimeouts& timeouts) {
  const std::optional<milliseconds> silence = decoder.duration(node, {kShortest, kLongest});
  if (!timeouts.first_byte) timeouts.first_byte = silence;
  if (!timeouts.between_bytes) timeouts.between_bytes = silence;
}

std::vector<Key<RouteTimeouts>> keys_of_provider() {
  std::vector<Key<RouteTimeouts>> keys(kRouteTimeoutsKeys.begin(), kRouteTimeoutsKeys.end());
  keys.push_back({kRead, "duration", "none", decode_read});
  return keys;
}

}  // namespace

void decode_route_timeouts(Decoder& decoder, const Node& node, RouteTimeouts& timeouts) {
  decode_section<RouteTimeouts>(decoder, node, kRouteTimeoutsKeys, timeouts);
}

void list_route_timeouts_keys(const std::string& path, KnownKeys& out) {
  list_section<RouteTimeouts>(path, kRouteTimeoutsKeys, out);
}

void decode_provider_timeouts(Decoder& decoder, const Node& node, RouteTimeouts& timeouts) {
  if (node.kind != Node::Kind::kMap) {
    const std::optional<milliseconds> all = decoder.duration(node, {kShortest, kLongest});
    timeouts.connect = timeouts.first_byte = timeouts.between_bytes = all;
    return;
  }
  Node ordered = node;
  std::ranges::stable_partition(ordered.children,
                                [](const Node& entry) { return entry.key != kRead; });
  const std::vector<Key<RouteTimeouts>> keys = keys_of_provider();
  decode_section<RouteTimeouts>(decoder, ordered, keys, timeouts);
}

void list_provider_timeouts_keys(const std::string& path, KnownKeys& out) {
  list_section<RouteTimeouts>(path, keys_of_provider(), out);
}

void warn_of_late_timeouts(Decoder& decoder, const Node& node, const RouteTimeouts& timeouts,
                           milliseconds request) {
  if (request == kOff) return;
  const std::array limits = {std::pair("connect", timeouts.connect),
                             std::pair("first_byte", timeouts.first_byte),
                             std::pair("first_token", timeouts.first_token),
                             std::pair("between_bytes", timeouts.between_bytes)};
  for (const auto& [name, limit] : limits) {
    const Node* entry = decoder.given(node, name);
    if (entry == nullptr || !limit || *limit <= request) continue;
    decoder.warning(*entry, fmt::format("longer than the `request` timeout, {:g} s, which ends the "
                                        "request before",
                                        static_cast<double>(request.count()) / 1000));
  }
}

}  // namespace penstock::config
