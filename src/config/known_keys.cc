#include "config/decode_document.h"
#include "config/load.h"

namespace penstock::config {

std::vector<KnownKey> known_keys() {
  std::vector<KnownKey> keys;
  list_document_keys(keys);
  return keys;
}

}  // namespace penstock::config
