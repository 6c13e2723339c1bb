#include "core/limit.h"

#include <array>

namespace penstock {
namespace {

struct Row {
  Limit limit;
  std::string_view name;
};

// In the order of the enumeration.
constexpr std::array kRows = {
    Row{Limit::kHeaderBytes, "header_bytes"},
    Row{Limit::kHeaderFields, "header_fields"},
    Row{Limit::kBodyBytes, "body_bytes"},
    Row{Limit::kBodyKeys, "body_keys"},
    Row{Limit::kBodyDepth, "body_depth"},
    Row{Limit::kModelBytes, "model_bytes"},
    Row{Limit::kAllBodiesBytes, "all_bodies_bytes"},
    Row{Limit::kDiscardedBytes, "discarded_bytes"},
    Row{Limit::kEventBytes, "event_bytes"},
    Row{Limit::kJsonDepth, "json_depth"},
    Row{Limit::kJsonValues, "json_values"},
    Row{Limit::kRegistrationBytes, "registration_bytes"},
    Row{Limit::kRegisteredModels, "registered_models"},
    Row{Limit::kRegisteredBytes, "registered_bytes"},
    Row{Limit::kModelIdBytes, "model_id_bytes"},
    Row{Limit::kMetadataBytes, "metadata_bytes"},
    Row{Limit::kModelListBytes, "model_list_bytes"},
    Row{Limit::kModelListEntries, "model_list_entries"},
    Row{Limit::kModelListEntryBytes, "model_list_entry_bytes"},
    Row{Limit::kModelListPages, "model_list_pages"},
    Row{Limit::kConnections, "connections"},
    Row{Limit::kCallerLookups, "caller_lookups"},
    Row{Limit::kKeyRequests, "key_requests"},
    Row{Limit::kKeyTokens, "key_tokens"},
    Row{Limit::kKeyConcurrency, "key_concurrency"},
    Row{Limit::kBudget, "budget"},
    Row{Limit::kUpstreamConnections, "upstream_connections"},
    Row{Limit::kClientHeaderTimeout, "client_header_timeout"},
    Row{Limit::kClientBodyTimeout, "client_body_timeout"},
    Row{Limit::kClientBodyRate, "client_body_rate"},
    Row{Limit::kClientWriteTimeout, "client_write_timeout"},
    Row{Limit::kIdleTimeout, "idle_timeout"},
    Row{Limit::kDiscardTimeout, "discard_timeout"},
    Row{Limit::kConnectTimeout, "connect_timeout"},
    Row{Limit::kFirstByteTimeout, "first_byte_timeout"},
    Row{Limit::kFirstTokenTimeout, "first_token_timeout"},
    Row{Limit::kBetweenBytesTimeout, "between_bytes_timeout"},
    Row{Limit::kBetweenEventsTimeout, "between_events_timeout"},
    Row{Limit::kModelListTimeout, "model_list_timeout"},
    Row{Limit::kRequestTimeout, "request_timeout"},
    Row{Limit::kDrain, "drain"},
};

constexpr bool each_is_in_its_place() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].limit) != i) return false;
  }
  return kRows.size() == kLimitCount;
}
static_assert(each_is_in_its_place(), "a limit without a name here, or out of order");

}  // namespace

std::string_view name_of(Limit limit) {
  return kRows[static_cast<std::size_t>(limit)].name;
}

}  // namespace penstock
