#include "config/decode_limits.h"

#include <array>

#include "config/measures.h"

namespace penstock::config {
namespace {

constexpr std::array kLimitsKeys = {
    Key<Limits>{"header_bytes", "size", "32KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {kKib, 16 * kMib}), limits.header_bytes);
                }},
    Key<Limits>{"header_fields", "integer", "100",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {8, 10'000}), limits.header_fields);
                }},
    Key<Limits>{"body_bytes", "size", "64MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {1, 64 * kGib}), limits.body_bytes);
                }},
    Key<Limits>{"all_bodies_bytes", "size", "512MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {1, 1024 * kGib}), limits.all_bodies_bytes);
                }},
    Key<Limits>{"body_bytes_per_second", "size", "1KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {0, kGib}), limits.body_bytes_per_second);
                }},
    Key<Limits>{"discarded_bytes", "size", "128MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {0, 64 * kGib}), limits.discarded_bytes);
                }},
    Key<Limits>{"body_keys", "integer", "1024",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 100'000}), limits.body_keys);
                }},
    Key<Limits>{"body_depth", "integer", "64",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 1024}), limits.body_depth);
                }},
    Key<Limits>{"model_bytes", "size", "1KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {1, 64 * kKib}), limits.model_bytes);
                }},
    Key<Limits>{"event_bytes", "size", "1MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {kKib, kGib}), limits.event_bytes);
                }},
    Key<Limits>{"json_depth", "integer", "64",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 10'000}), limits.json_depth);
                }},
    Key<Limits>{"json_values", "integer", "10000",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 10'000'000}), limits.json_values);
                }},
    Key<Limits>{"registration_bytes", "size", "1MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {kKib, kGib}), limits.registration_bytes);
                }},
    Key<Limits>{"registered_models", "integer", "10000",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {0, 1'000'000}), limits.registered_models);
                }},
    Key<Limits>{"registered_bytes", "size", "16MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {0, kGib}), limits.registered_bytes);
                }},
    Key<Limits>{"model_id_bytes", "size", "512",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {1, 16 * kKib}), limits.model_id_bytes);
                }},
    Key<Limits>{"metadata_bytes", "size", "16KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {2, kGib}), limits.metadata_bytes);
                }},
    Key<Limits>{"model_list_bytes", "size", "16MiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {kKib, kGib}), limits.model_list_bytes);
                }},
    Key<Limits>{"model_list_entries", "integer", "20000",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 1'000'000}), limits.model_list_entries);
                }},
    Key<Limits>{"model_list_entry_bytes", "size", "64KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {64, kGib}), limits.model_list_entry_bytes);
                }},
    Key<Limits>{"model_list_pages", "integer", "100",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 10'000}), limits.model_list_pages);
                }},
    Key<Limits>{"answer_buffer_bytes", "size", "256KiB",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.size(node, {0, kGib}), limits.answer_buffer_bytes);
                }},
    Key<Limits>{"connections", "integer", "10000",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 10'000'000}), limits.connections);
                }},
    Key<Limits>{"reserved_connections", "integer", "8",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {0, 1'000}), limits.reserved_connections);
                }},
    Key<Limits>{"caller_lookups", "integer", "32",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {1, 512}), limits.caller_lookups);
                }},
    Key<Limits>{"connections_per_upstream", "integer", "0",
                [](Decoder& decoder, const Node& node, Limits& limits) {
                  store(decoder.integer(node, {0, 1'000'000}), limits.connections_per_upstream);
                }},
};

// `least` is kOff if a time of 0 has a special meaning.
template <milliseconds Timeouts::* field, milliseconds::rep least_ms = kShortest.count()>
constexpr Key<Timeouts> timeout(std::string_view name, std::string_view default_value) {
  return {name, "duration", default_value,
          [](Decoder& decoder, const Node& node, Timeouts& timeouts) {
            store(decoder.duration(node, {milliseconds(least_ms), kLongest}), timeouts.*field);
          }};
}

constexpr std::array kTimeoutsKeys = {
    timeout<&Timeouts::connect>("connect", "5"),
    timeout<&Timeouts::first_byte>("first_byte", "600"),
    timeout<&Timeouts::first_token, kOff.count()>("first_token", "0"),
    timeout<&Timeouts::first_event, kOff.count()>("first_event", "0.1"),
    timeout<&Timeouts::between_bytes>("between_bytes", "300"),
    timeout<&Timeouts::between_events, kOff.count()>("between_events", "300"),
    timeout<&Timeouts::model_list>("model_list", "10"),
    timeout<&Timeouts::request, kOff.count()>("request", "0"),
    timeout<&Timeouts::client_header>("client_header", "10"),
    timeout<&Timeouts::client_body>("client_body", "30"),
    timeout<&Timeouts::client_write>("client_write", "60"),
    timeout<&Timeouts::idle>("idle", "75"),
    timeout<&Timeouts::refused_idle>("refused_idle", "5"),
    timeout<&Timeouts::linger>("linger", "5"),
    timeout<&Timeouts::discard>("discard", "30"),
    timeout<&Timeouts::upstream_idle>("upstream_idle", "4"),
    timeout<&Timeouts::upstream_lifetime, kOff.count()>("upstream_lifetime", "300"),
    timeout<&Timeouts::drain, kOff.count()>("drain", "600"),
};

}  // namespace

void decode_limits(Decoder& decoder, const Node& node, Limits& limits) {
  decode_section<Limits>(decoder, node, kLimitsKeys, limits);
}

void list_limits_keys(const std::string& path, KnownKeys& out) {
  list_section<Limits>(path, kLimitsKeys, out);
}

void decode_timeouts(Decoder& decoder, const Node& node, Timeouts& timeouts) {
  decode_section<Timeouts>(decoder, node, kTimeoutsKeys, timeouts);
}

void list_timeouts_keys(const std::string& path, KnownKeys& out) {
  list_section<Timeouts>(path, kTimeoutsKeys, out);
}

}  // namespace penstock::config
