#pragma once

// A hash for tables whose keys are chosen by others: ids of models in an upstream's list.
//
// Anybody can compute the standard library's hash, and so find thousands of ids that collide, which
// turns a table into a list and milliseconds into minutes. This one is SipHash with a random key.
// Copies have the same key.

#include <array>
#include <cstddef>
#include <string_view>

namespace penstock::models {

class KeyedHash {
 public:
  using is_transparent = void;  // allows look-ups by std::string_view

  KeyedHash();

  std::size_t operator()(std::string_view text) const;

 private:
  std::array<unsigned char, 16> key_;
};

}  // namespace penstock::models
