#pragma once

// The gate for request bodies: what routing needs to know of a JSON body, and where it stands.
//
// The body is looked into, never rebuilt. It must be one JSON object, well formed as far as it is
// read, with no top-level key twice (compared after unescaping), nothing but white space after it,
// and a `model` that is a non-empty string without control characters. Everything else is the
// upstream's to judge.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/small_text.h"

namespace penstock::wire {

class JsonWalk;

struct RequestFields {
  std::string_view model;       // unescaped; valid until the reader's next call
  std::size_t model_begin = 0;  // the value's span in the body, quotes included
  std::size_t model_end = 0;
  bool stream = false;  // top-level `stream` is the literal true
};

// Reads bodies for one thread. A call with a body that has no more keys than an earlier one
// allocates nothing, but for keys that are spelled with escapes.
class RequestReader {
 public:
  // Errors are kInvalidRequest, with a message that names the byte or the key; the body's content
  // is never repeated in it except for a key.
  Result<RequestFields> read(std::string_view body);

 private:
  struct Key {
    std::size_t hash = 0;
    std::string_view text;
  };

  Result<RequestFields> read_object(std::string_view body);
  Status read_member(JsonWalk& walk, RequestFields& fields);
  Status read_model(std::string_view spelled, std::size_t begin);
  const Key* find_duplicate();
  void release_excess();

  std::vector<Key> keys_;
  std::deque<std::string> unescaped_;  // the keys that are spelled with escapes
  SmallText<128> model_;               // of the last body
};

}  // namespace penstock::wire
