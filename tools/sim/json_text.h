#pragma once

// Small pieces of JSON text, appended.

#include <cstdint>
#include <string>

namespace penstock::sim {

void append_count(std::string& out, std::uint64_t count);
// Sixteen hexadecimal digits.
void append_hex(std::string& out, std::uint64_t id);
std::string hex(std::uint64_t id);

}  // namespace penstock::sim
