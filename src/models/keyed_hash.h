#pragma once

// A hash for tables whose keys strangers choose: ids of models in an upstream's list.
//
// The standard library's hash can be computed by anybody, and so can thousands of ids that all fall
// into one place of a table, which makes it a list and a few milliseconds minutes. This one is
// SipHash with a key that each table draws for itself.

#include <array>
#include <cstddef>
#include <string_view>

namespace penstock::models {

class KeyedHash {
 public:
  using is_transparent = void;  // std::string and std::string_view are looked up alike

  KeyedHash();

  std::size_t operator()(std::string_view text) const;

 private:
  std::array<unsigned char, 16> key_;
};

}  // namespace penstock::models
