#pragma once

// The gate for request bodies: what routing needs to know of a JSON body, and where it stands.
//
// The body is looked into, never rebuilt. It must be one JSON object, well formed as far as it is
// read, with no top-level key twice (compared after unescaping), nothing but white space after it,
// and a `model` that is a non-empty string without control characters. Everything else is the
// upstream's to judge.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/small_text.h"

namespace penstock::wire {

struct RequestFields {
  std::string_view model;       // unescaped; valid until the reader's next call
  std::size_t model_begin = 0;  // the value's span in the body, quotes included
  std::size_t model_end = 0;
  bool stream = false;  // top-level `stream` is the literal true
};

// Reads bodies for one thread; holds simdjson's working memory between calls, up to that for bodies
// of 4 MiB. A call with bodies of a size seen before allocates nothing.
class RequestReader {
 public:
  // Bytes that must be readable (not initialised) behind the body: simdjson reads ahead.
  static constexpr std::size_t kPadding = 64;

  RequestReader();
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // `body` has kPadding readable bytes behind it. Errors are kInvalidRequest, with a message that
  // names the byte or the key; the body's content is never repeated in it except for a key. Where
  // there is no memory to read a large body with, the error is kOverloaded.
  Result<RequestFields> read(std::string_view body);

 private:
  struct Working;
  std::unique_ptr<Working> working_;
  SmallText<128> model_;  // of the last body
};

}  // namespace penstock::wire
