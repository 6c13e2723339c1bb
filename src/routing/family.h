#pragma once

// The families of routes whose failures are told apart: an upstream whose embeddings are broken may
// still chat.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::routing {

enum class Family : std::uint8_t { kChat, kEmbeddings, kMedia, kOther };
inline constexpr std::size_t kFamilyCount = 4;
inline constexpr std::array<Family, kFamilyCount> kFamilies = {Family::kChat, Family::kEmbeddings,
                                                               Family::kMedia, Family::kOther};

// In metrics and displays.
constexpr std::string_view name_of(Family family) {
  constexpr std::array<std::string_view, kFamilyCount> kNames = {"chat", "embeddings", "media",
                                                                 "other"};
  return kNames[static_cast<std::size_t>(family)];
}

}  // namespace penstock::routing
