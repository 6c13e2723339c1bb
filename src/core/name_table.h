#pragma once

// NameTable: the names of an enumeration's values, which are 0, 1, 2 and so on.
//
// Made at compile time, where a table that lacks a value or has one out of its order does not
// compile.

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string_view>

namespace penstock {

template <class Enumeration, std::size_t Count>
class NameTable {
 public:
  struct Row {
    Enumeration value;
    std::string_view name;
  };

  consteval explicit NameTable(const Row (&rows)[Count]) {
    for (std::size_t i = 0; i < Count; ++i) {
      if (static_cast<std::size_t>(rows[i].value) != i) {
        throw std::logic_error("a value without a name, or out of order");
      }
      names_[i] = rows[i].name;
    }
  }

  std::string_view operator[](Enumeration value) const {
    return names_[static_cast<std::size_t>(value)];
  }

 private:
  std::array<std::string_view, Count> names_{};
};

}  // namespace penstock
