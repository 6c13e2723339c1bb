#pragma once

// The rooms of src/ and their ranks: the table with which include lines, CMake's link graph and
// ARCHITECTURE.md are compared. A room uses only rooms of lower rank.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace penstock::structure {

struct Room {
  int rank;
  std::string_view name;
};

inline constexpr std::array kRooms = {
    Room{0, "core"},   Room{1, "config"}, Room{1, "telemetry"}, Room{1, "wire"},
    Room{1, "net"},    Room{2, "http"},   Room{2, "routing"},   Room{2, "imports"},
    Room{2, "limits"}, Room{2, "prices"}, Room{2, "store"},     Room{3, "providers"},
    Room{3, "access"}, Room{4, "models"}, Room{5, "gateway"},   Room{7, "app"},
};

inline std::optional<int> rank_of(std::string_view room) {
  const auto* found = std::ranges::find(kRooms, room, &Room::name);
  if (found == kRooms.end()) return std::nullopt;
  return found->rank;
}

}  // namespace penstock::structure
