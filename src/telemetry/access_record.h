#pragma once

// What the access log tells of a request and of an attempt, and the lines that tell it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "telemetry/json_line.h"
#include "telemetry/labels.h"
#include "telemetry/text_line.h"

namespace penstock::telemetry {

// What is known of an exchange at its end. The texts are views that need to live only during
// AccessLogShard::write. Empty texts and zero statuses are left out of the line.
struct AccessRecord {
  WallTime time{};  // the request's arrival
  std::string_view request_id;
  std::string_view principal;  // never the key
  std::string_view method;
  std::string_view route;
  std::string_view path;   // a query, if any, is cut off
  std::string_view model;  // as requested
  std::string_view provider;
  std::string_view upstream_model;  // as sent to the upstream
  std::string_view target;          // of a model's route: who has answered, `provider/model`
  bool fallback = false;            // another model answers; written if it does
  std::string_view peer;            // the client's address
  std::string_view user_agent;      // what the client calls itself; not in the text form
  int status = 0;                   // the status sent to the client
  int upstream_status = 0;
  Ending ending = Ending::kCompleted;
  std::optional<ErrorKind> error;
  bool stream = false;
  bool reused_connection = false;  // the last attempt's; written if there was an attempt
  std::uint32_t attempts = 0;
  std::uint64_t bytes_in = 0;   // of the request's body
  std::uint64_t bytes_out = 0;  // of the answer's body
  std::chrono::microseconds duration{};
  std::optional<std::chrono::microseconds> first_byte;  // since arrival
  std::optional<std::chrono::microseconds> connect;     // the last attempt's, if it connected
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
  std::optional<std::uint64_t> total_tokens;
  std::optional<std::uint64_t> cached_tokens;       // of the prompt
  std::optional<std::uint64_t> cache_write_tokens;  // of the prompt
  std::optional<std::uint64_t> reasoning_tokens;    // of the completion
};

// What is known of one attempt at a target of a model's route. The texts as of AccessRecord.
struct AttemptRecord {
  WallTime time{};  // its beginning
  std::string_view request_id;
  std::uint32_t attempt = 0;             // from 1 on
  std::string_view target;               // `provider/model`
  std::string_view outcome;              // `ok`, or the class of its failure
  int status = 0;                        // the upstream's
  std::chrono::microseconds duration{};  // to its first content or its failure
  std::chrono::microseconds wait{};      // before it
  // Of one that lost a race: what its answer had stated before it was stopped.
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
};

// The most that a line of either form takes: 14 texts, 17 numbers and flags, and 32 bytes for each
// key. The text form has fewer of each.
inline constexpr std::size_t kAccessLineBytesMax =
    14 * (JsonLine::kTextBytesMax + 32) + 17 * (JsonLine::kNumberBytesMax + 32) + 64;

// Append one line at `out`, which has room for kAccessLineBytesMax, and return its end. `time` is
// the record's, as text.
char* write_json_line(char* out, std::string_view time, const AccessRecord& record);
char* write_json_line(char* out, std::string_view time, const AttemptRecord& record);
char* write_text_line(char* out, std::string_view time, const AccessRecord& record,
                      TextLine::Colours colours);
char* write_text_line(char* out, std::string_view time, const AttemptRecord& record,
                      TextLine::Colours colours);

}  // namespace penstock::telemetry
