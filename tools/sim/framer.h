#pragma once

// Framer: delimits one answer's body, in order or as badly as a Behaviour asks for.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "http/head.h"
#include "sim/behaviour.h"

namespace penstock::sim {

class Framer {
 public:
  // `body_bytes`: the body's length if it is known. An HTTP/1.0 client gets no chunks: the end of
  // the connection ends a body of unknown length.
  Framer(const Behaviour& behaviour, http::Version version, std::optional<std::size_t> body_bytes);

  // Appends Content-Length and Transfer-Encoding as they are to be announced.
  void append_fields(std::string& out) const;
  void append_data(std::string& out, std::string_view data);
  void append_end(std::string& out) const;

  // Whether the data is exactly the body: nothing in between, nothing after it.
  bool verbatim() const { return !chunked_ && !extra_bytes_; }
  // Whether the client can detect the end without the connection ending.
  bool self_delimiting() const { return !until_close_; }

 private:
  void append_chunk(std::string& out, std::string_view data);

  bool chunked_ = false;
  bool until_close_ = false;  // the connection must end after the answer
  bool extra_bytes_ = false;
  bool bad_chunk_ = false;
  std::optional<std::size_t> content_length_;
  std::size_t chunks_ = 0;
  std::uint64_t piece_bytes_max_ = 0;
  SeededRandom random_;
};

}  // namespace penstock::sim
