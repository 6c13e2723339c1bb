#pragma once

// BodyFraming: delimits a body that is sent in parts, on either side.

#include <string>
#include <string_view>

#include "http/head.h"
#include "http/write_all.h"

namespace penstock::http {

enum class Last : bool { kNo, kYes };

class BodyFraming {
 public:
  // For the next body; kNone: there is none.
  void begin(const Framing& framing) { framing_ = framing; }
  Framing::Kind kind() const { return framing_.kind; }

  // Adds a part as it is sent. What is added points to the part and into this object, until the
  // next call. Throws std::logic_error if a stated length is not kept: what exceeds it would be
  // read as the next message.
  void add(Pieces& pieces, std::string_view part, Last last);

 private:
  Framing framing_;           // a length is what is left of it
  std::string chunk_header_;  // short enough for the string's inline buffer
};

}  // namespace penstock::http
