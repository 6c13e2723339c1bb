#pragma once

// What a request's body says about the session that it belongs to.
//
// Requests of one session should reach one upstream, whose cache has their common front; and some
// must, since only that upstream has what they refer to. The body was checked before
// (wire/bodies/request_fields.h), and is passed once more, at the speed of a scan. Nested values
// are looked into up to a bound of work; what follows it is not found.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/stable_hash.h"

namespace penstock::wire {

struct SessionQuestions {
  std::size_t prefix_bytes = 0;  // zero: RequestSession::prefix is not asked for
  bool pins = false;             // stored and items are
};

// Keys are hashes (core/stable_hash.h), each of the unescaped text. An empty text is none.
struct RequestSession {
  std::optional<std::uint64_t> prompt_cache_key = {};
  // The first of `safety_identifier`, `user` and `metadata.user_id`.
  std::optional<std::uint64_t> user = {};
  // Of how the conversation begins: the tools, the system's text and the first text of the user,
  // of each of them the first SessionQuestions::prefix_bytes as they are spelled. It is the same in
  // each turn: marks of a cache, which move, do not count.
  std::optional<std::uint64_t> prefix = {};
  bool has_tools = false;

  // What only one upstream has (wire/bodies/pinned_ids.h): previous_response_id and conversation,
  // files, containers and vector stores, alone or in lists,
  std::vector<StableDigest> stored = {};
  // and the ids, sealed contents and signatures of the items and messages, in their order.
  std::vector<StableDigest> items = {};
};

// Empty for what is no JSON object.
RequestSession read_session(std::string_view body, const SessionQuestions& questions);

}  // namespace penstock::wire
