#include "sim/embeddings.h"

#include <array>
#include <bit>
#include <charconv>
#include <string_view>

#include "core/clock.h"

namespace penstock::sim {
namespace {

// Vectors begin at every third value, where the row's base64 has a boundary.
constexpr std::size_t kStep = 3;
constexpr std::size_t kStepBase64 = 16;
constexpr std::size_t kStarts = 8192;
constexpr std::size_t kValues =
    (kStarts * kStep + Embeddings::kDimensionsMax + kStep - 1) / kStep * kStep;

// The size of a component of a unit vector of some hundred dimensions.
constexpr float kScale = 0.05F;

using FloatBytes = std::array<unsigned char, 4>;

FloatBytes bytes_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return {static_cast<unsigned char>(bits), static_cast<unsigned char>(bits >> 8),
          static_cast<unsigned char>(bits >> 16), static_cast<unsigned char>(bits >> 24)};
}

std::size_t start_of(std::uint64_t hash) {
  return static_cast<std::size_t>(hash % kStarts) * kStep;
}

}  // namespace

Embeddings::Embeddings(std::uint64_t seed) {
  SeededRandom random(seed);
  values_.reserve(kValues);
  ends_.reserve(kValues);
  std::string bytes;
  for (std::size_t i = 0; i < kValues; ++i) {
    const float unit = static_cast<float>(random.next() >> 40) / static_cast<float>(1U << 23) - 1;
    const float value = unit * kScale;
    values_.push_back(value);
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    numbers_.append(digits.data(), end).push_back(',');
    ends_.push_back(numbers_.size());
    for (const unsigned char byte : bytes_of(value)) bytes.push_back(static_cast<char>(byte));
  }
  append_base64_of(base64_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

void Embeddings::append_numbers(std::string& out, std::uint64_t hash,
                                std::size_t dimensions) const {
  out.push_back('[');
  if (dimensions > 0) {
    const std::size_t first = start_of(hash);
    const std::size_t begin = first == 0 ? 0 : ends_[first - 1];
    const std::size_t end = ends_[first + dimensions - 1] - 1;  // without the last comma
    out.append(numbers_, begin, end - begin);
  }
  out.push_back(']');
}

void Embeddings::append_base64(std::string& out, std::uint64_t hash, std::size_t dimensions) const {
  const std::size_t first = start_of(hash);
  const std::size_t whole = dimensions / kStep;
  out.append(base64_, first / kStep * kStepBase64, whole * kStepBase64);
  std::array<unsigned char, 2 * sizeof(float)> rest;
  std::size_t rest_bytes = 0;
  for (std::size_t i = whole * kStep; i < dimensions; ++i) {
    for (const unsigned char byte : bytes_of(values_[first + i])) rest[rest_bytes++] = byte;
  }
  append_base64_of(out, rest.data(), rest_bytes);
}

void append_base64_of(std::string& out, const unsigned char* data, std::size_t bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto sextet = [&](std::uint32_t group, unsigned shift) {
    out.push_back(kAlphabet[(group >> shift) & 63]);
  };
  for (; bytes >= 3; bytes -= 3, data += 3) {
    const std::uint32_t group = static_cast<std::uint32_t>(data[0]) << 16 |
                                static_cast<std::uint32_t>(data[1]) << 8 | data[2];
    for (const unsigned shift : {18U, 12U, 6U, 0U}) sextet(group, shift);
  }
  if (bytes == 0) return;
  std::uint32_t group = static_cast<std::uint32_t>(data[0]) << 16;
  if (bytes == 2) group |= static_cast<std::uint32_t>(data[1]) << 8;
  sextet(group, 18);
  sextet(group, 12);
  if (bytes == 2) sextet(group, 6);
  out.append(bytes == 2 ? "=" : "==");
}

}  // namespace penstock::sim
