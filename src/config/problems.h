#pragma once

// The problems of one file, collected while it is decoded so that all are reported at once.
//
// Owned by load_text() during one load; one thread. Messages name keys and expectations; they never
// repeat a value, because any value may be a secret.

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace penstock::config {

// Lines and columns count from 1; a column is a byte of the line.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};

class Problems {
 public:
  explicit Problems(std::string_view file) : file_(file) {}

  void error(Position position, std::string message);
  void warning(Position position, std::string message);

  // An error about the whole file, to be read after all others. At most one.
  void conclude(std::string message);

  bool has_errors() const;

  // Everything that was reported, sorted by position, the conclusion last, without repetitions: a
  // mapping that is used through several aliases reports its problems once.
  std::vector<Problem> take();

 private:
  std::string file_;
  std::string conclusion_;
  std::vector<Problem> problems_;
};

}  // namespace penstock::config
