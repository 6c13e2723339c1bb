#pragma once

// Reads a connection's bytes as a server or a client does: head, body by its framing, next message.
// Reports how many messages there were and how they ended, so that inputs made for other parsers
// can be judged as a whole.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/parser.h"

namespace penstock::http {

enum class Side { kServer, kClient };

class MessageRunner {
 public:
  explicit MessageRunner(Side side, HeadLimits limits = {}) : side_(side), limits_(limits) {}

  // Takes the next bytes of the connection, and reads what can be read.
  void feed(std::string_view bytes);

  std::size_t messages() const { return messages_; }
  const std::string& bodies() const { return bodies_; }
  const std::optional<Error>& error() const { return error_; }
  bool refused() const { return error_.has_value(); }
  // Whether the bytes stop between two messages.
  bool at_border() const {
    return stage_ == Stage::kClosed || (stage_ == Stage::kHead && buffer_.empty());
  }
  // Whether bytes came after a message that ends the connection: nobody ever reads them.
  bool has_unread() const { return stage_ == Stage::kClosed && !buffer_.empty(); }

  // All of the above in one text, to compare two runs.
  std::string verdict() const;

 private:
  enum class Stage { kHead, kLength, kChunked, kUntilClose, kClosed };

  bool advance();
  bool advance_head();
  bool advance_length();
  bool advance_chunked();
  void begin_body(const Framing& framing, bool keep_alive);
  void end_message();

  Side side_;
  HeadLimits limits_;
  Stage stage_ = Stage::kHead;
  std::string buffer_;
  std::size_t scanned_ = 0;
  RequestHead request_;
  ResponseHead response_;
  std::optional<ChunkedDecoder> decoder_;
  std::uint64_t left_bytes_ = 0;
  bool keep_alive_ = true;
  std::size_t messages_ = 0;
  std::string bodies_;
  std::optional<Error> error_;
};

// Feeds all of `bytes`, at most `piece_bytes` at a time.
MessageRunner run(Side side, std::string_view bytes, std::size_t piece_bytes = SIZE_MAX);

}  // namespace penstock::http
