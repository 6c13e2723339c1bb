#pragma once

// The server's limits for its clients: sizes, times and rates, as the configuration sets them
// (server.limits and server.timeouts, docs/configuration.md). 0 means no limit for a time or rate.

#include <chrono>
#include <cstddef>

#include "http/parser.h"

namespace penstock::http {

struct ServerLimits {
  HeadLimits head{};
  std::size_t body_bytes = 64 * 1024 * 1024;
  std::size_t body_bytes_per_second = 1024;         // on average, after the first body_timeout
  std::size_t discarded_bytes = 128 * 1024 * 1024;  // after the last answer of a connection
  std::size_t reserved_connections = 8;             // of each thread, for operations
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};   // between two reads of a body
  std::chrono::milliseconds write_timeout{60'000};  // without any byte taken by the client
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds refused_idle_timeout{5'000};  // idle, after its key was refused
  std::chrono::milliseconds linger_timeout{5'000};        // silence after the last answer
  std::chrono::milliseconds discard_timeout{30'000};      // everything after the last answer
};

}  // namespace penstock::http
