#pragma once

// Refusal: the answer to a request that could not be received.
//
// It is the last one on its connection, and never has an exchange.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/field_block.h"

namespace penstock::http {

struct Refusal {
  int status = 0;  // 0: the connection is closed without an answer
  FieldBlock fields;
  std::string body;
};

enum class AnswerTo : std::uint8_t { kHead, kOtherMethod };

// What `bytes`, which begin a request that cannot be read completely, ask for.
AnswerTo answer_to(std::string_view bytes);

// The target of the request that they begin, as far as it is there.
std::string_view target_of(std::string_view bytes);

// The whole answer as it is sent. An answer to HEAD has no body, whatever its fields say (RFC 9110
// section 9.3.2).
std::string to_text(const Refusal& refusal, AnswerTo answer_to, WallTime now);

}  // namespace penstock::http
