#include "core/secret.h"

#include <cstddef>

namespace penstock {

bool Secret::equals(std::string_view candidate) const {
  if (candidate.size() != text_.size()) return false;
  // volatile keeps the compiler from ending the loop at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    difference = difference | static_cast<unsigned char>(text_[i] ^ candidate[i]);
  }
  return difference == 0;
}

}  // namespace penstock
