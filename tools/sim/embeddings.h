#pragma once

// Embeddings: vectors that depend only on their input.
//
// A long row of numbers is created at startup, from a seed, in each spelling that an answer may
// need; a vector is a part of it that begins where the input's hash says. The vectors are
// deterministic and differ from input to input; they mean nothing and are not normalised.
// Immutable, shared by all threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock::sim {

class Embeddings {
 public:
  static constexpr std::size_t kDimensionsMax = 8192;

  explicit Embeddings(std::uint64_t seed);

  // As a JSON array of numbers, `[0.125,-0.5]`.
  void append_numbers(std::string& out, std::uint64_t hash, std::size_t dimensions) const;

  // As base64 of little-endian 32-bit floats, without quotes.
  void append_base64(std::string& out, std::uint64_t hash, std::size_t dimensions) const;

 private:
  std::vector<float> values_;
  std::string numbers_;            // all values, each followed by a comma
  std::vector<std::size_t> ends_;  // of each value in numbers_, including the comma
  std::string base64_;             // of all values: 16 characters for each 3 of them
};

// Base64 with padding (RFC 4648 section 4).
void append_base64_of(std::string& out, const unsigned char* data, std::size_t bytes);

}  // namespace penstock::sim
