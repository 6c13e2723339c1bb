#include "core/limit.h"

namespace penstock {

// A switch, so that the compiler names the limit that is forgotten here.
std::string_view name_of(Limit limit) {
  switch (limit) {
    case Limit::kHeaderBytes:
      return "header_bytes";
    case Limit::kHeaderFields:
      return "header_fields";
    case Limit::kBodyBytes:
      return "body_bytes";
    case Limit::kBodyKeys:
      return "body_keys";
    case Limit::kBodyDepth:
      return "body_depth";
    case Limit::kModelBytes:
      return "model_bytes";
    case Limit::kAllBodiesBytes:
      return "all_bodies_bytes";
    case Limit::kDiscardedBytes:
      return "discarded_bytes";
    case Limit::kEventBytes:
      return "event_bytes";
    case Limit::kConnections:
      return "connections";
    case Limit::kCallerLookups:
      return "caller_lookups";
    case Limit::kUpstreamConnections:
      return "upstream_connections";
    case Limit::kClientHeaderTimeout:
      return "client_header_timeout";
    case Limit::kClientBodyTimeout:
      return "client_body_timeout";
    case Limit::kClientBodyRate:
      return "client_body_rate";
    case Limit::kClientWriteTimeout:
      return "client_write_timeout";
    case Limit::kIdleTimeout:
      return "idle_timeout";
    case Limit::kDiscardTimeout:
      return "discard_timeout";
    case Limit::kConnectTimeout:
      return "connect_timeout";
    case Limit::kFirstByteTimeout:
      return "first_byte_timeout";
    case Limit::kBetweenBytesTimeout:
      return "between_bytes_timeout";
    case Limit::kBetweenEventsTimeout:
      return "between_events_timeout";
    case Limit::kRequestTimeout:
      return "request_timeout";
    case Limit::kDrain:
      return "drain";
  }
  return "unknown";
}

}  // namespace penstock
