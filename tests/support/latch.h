#pragma once

// Latch: something that happens once, and that threads and polls can wait for.
//
// Any thread may release it; it stays released. Its descriptor is then readable, so that it can end
// a wait for a socket.

#include "support/patience.h"

namespace penstock::testing {

class Latch {
 public:
  Latch();
  ~Latch();
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void release();
  bool released() const;
  // Whether it was released in time.
  bool wait(milliseconds limit = kPatience) const;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace penstock::testing
