#pragma once

// How large a request is in terms of tokens: what text and media its body has, and how many tokens
// of an answer it asks for.
//
// The body was checked before (wire/bodies/request_fields.h), and is passed once more. Base64 is no
// text: an image costs as many tokens whatever its file's size is.

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/bodies/text_meter.h"

namespace penstock::wire {

struct RequestSize {
  TextSize text;  // of strings, names of members included, as they are spelled
  // In the content of messages. An image with `"detail":"low"` is a small one.
  std::uint64_t images = 0;
  std::uint64_t small_images = 0;
  std::uint64_t files = 0;  // documents and sound
  // max_tokens, max_completion_tokens or max_output_tokens, times n; nullopt: none is stated.
  std::optional<std::uint64_t> output_tokens = {};
};

// Of what is no JSON object, nothing is known.
RequestSize read_size(std::string_view body);

}  // namespace penstock::wire
