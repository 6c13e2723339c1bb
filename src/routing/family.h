#pragma once

// The families of routes whose failures are told apart: an upstream whose embeddings are broken may
// still chat.

#include <cstddef>
#include <cstdint>

namespace penstock::routing {

enum class Family : std::uint8_t { kChat, kEmbeddings, kMedia, kOther };
inline constexpr std::size_t kFamilyCount = 4;

}  // namespace penstock::routing
