#include "core/limit.h"

#include "core/name_table.h"

namespace penstock {
namespace {

constexpr NameTable<Limit, kLimitCount> kLimitNames({
    {Limit::kHeaderBytes, "header_bytes"},
    {Limit::kHeaderFields, "header_fields"},
    {Limit::kBodyBytes, "body_bytes"},
    {Limit::kBodyKeys, "body_keys"},
    {Limit::kBodyDepth, "body_depth"},
    {Limit::kModelBytes, "model_bytes"},
    {Limit::kAllBodiesBytes, "all_bodies_bytes"},
    {Limit::kDiscardedBytes, "discarded_bytes"},
    {Limit::kEventBytes, "event_bytes"},
    {Limit::kJsonDepth, "json_depth"},
    {Limit::kJsonValues, "json_values"},
    {Limit::kRegistrationBytes, "registration_bytes"},
    {Limit::kRegisteredModels, "registered_models"},
    {Limit::kRegisteredBytes, "registered_bytes"},
    {Limit::kModelIdBytes, "model_id_bytes"},
    {Limit::kMetadataBytes, "metadata_bytes"},
    {Limit::kModelListBytes, "model_list_bytes"},
    {Limit::kModelListEntries, "model_list_entries"},
    {Limit::kModelListEntryBytes, "model_list_entry_bytes"},
    {Limit::kModelListPages, "model_list_pages"},
    {Limit::kConnections, "connections"},
    {Limit::kCallerLookups, "caller_lookups"},
    {Limit::kKeyRequests, "key_requests"},
    {Limit::kKeyTokens, "key_tokens"},
    {Limit::kKeyConcurrency, "key_concurrency"},
    {Limit::kBudget, "budget"},
    {Limit::kUpstreamConnections, "upstream_connections"},
    {Limit::kClientHeaderTimeout, "client_header_timeout"},
    {Limit::kClientBodyTimeout, "client_body_timeout"},
    {Limit::kClientBodyRate, "client_body_rate"},
    {Limit::kClientWriteTimeout, "client_write_timeout"},
    {Limit::kIdleTimeout, "idle_timeout"},
    {Limit::kDiscardTimeout, "discard_timeout"},
    {Limit::kConnectTimeout, "connect_timeout"},
    {Limit::kFirstByteTimeout, "first_byte_timeout"},
    {Limit::kFirstTokenTimeout, "first_token_timeout"},
    {Limit::kBetweenBytesTimeout, "between_bytes_timeout"},
    {Limit::kBetweenEventsTimeout, "between_events_timeout"},
    {Limit::kModelListTimeout, "model_list_timeout"},
    {Limit::kRequestTimeout, "request_timeout"},
    {Limit::kDrain, "drain"},
});

}  // namespace

std::string_view name_of(Limit limit) {
  return kLimitNames[limit];
}

}  // namespace penstock
