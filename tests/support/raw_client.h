#pragma once

// RawClient: a client that sends any bytes and sees every byte of the answers, their framing, and
// how the connection ends. One thread at a time.
//
// An answer is read whole by read_answer(), or in steps: read_head(), then read_event() or
// read_body(), which decode the body by its framing, until the answer's end. A function that does
// not get its data in time fails the test and throws nothing, unless it says otherwise.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/endpoint.h"
#include "support/http_text.h"

namespace penstock::testing {

struct WholeAnswer {
  HeadText head;
  std::string body;       // decoded
  bool complete = false;  // as its framing says; without a length or chunks: ended by a FIN
  Io end = Io::kDone;     // how the connection ended, if it did before the answer's end

  int status() const { return head.status; }
  bool chunked() const { return head.find("transfer-encoding").has_value(); }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
  explicit RawClient(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  // Over TLS, knowing the server as `localhost`. Throws if the handshake fails.
  RawClient(std::uint16_t port, SSL_CTX* tls);
  RawClient(RawClient&&) = default;

  // Whether all of it was taken.
  bool send(std::string_view bytes, milliseconds limit = kPatience);
  // In pieces of `bytes` each.
  bool send_in_pieces(std::string_view text, std::size_t bytes);

  // Sends a request and reads its answer.
  WholeAnswer ask(std::string_view request, milliseconds limit = kPatience);

  WholeAnswer read_answer(milliseconds limit = kPatience);

  // The next answer's head; without a status if none came.
  HeadText read_head(milliseconds limit = kPatience);
  // The body's next event with its empty line; nullopt if the body ends or breaks first.
  std::optional<std::string> read_event(milliseconds limit = kPatience);
  // Waits until the decoded body has `bytes` bytes that were not taken, and takes them. Fewer if
  // the body ends or breaks first.
  std::string read_body(std::size_t bytes, milliseconds limit = kPatience);
  // The rest of the body, and whether it ended as its framing says.
  struct Rest {
    std::string body;
    bool complete = false;
    Io end = Io::kDone;
  };
  Rest read_rest(milliseconds limit = kPatience);
  // What has arrived of the body and was not taken, without waiting.
  const std::string& body_so_far() const { return body_; }

  // Reads until the connection ends; returns how it ended, or kTimeout.
  Io read_to_end(milliseconds limit = kPatience);
  // The received bytes that the functions above have not used.
  const std::string& unread() const { return unread_; }

  void half_close() { endpoint_.half_close(); }
  void close() { endpoint_.close(); }
  void reset() { endpoint_.reset(); }

 private:
  enum class Framing : std::uint8_t { kLength, kChunked, kUntilClose };

  void begin_body(const HeadText& head);
  // Decodes the unread bytes. False if the framing is broken.
  bool decode();
  // Reads once more; false if the body has ended or cannot continue.
  bool more(TimePoint until);

  Endpoint endpoint_;
  std::string unread_;

  Framing framing_ = Framing::kLength;
  std::uint64_t left_ = 0;  // of kLength
  ChunkedText chunks_;
  std::string body_;  // decoded, not taken
  bool body_complete_ = true;
  Io end_ = Io::kDone;
};

}  // namespace penstock::testing
