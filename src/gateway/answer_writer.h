#pragma once

// AnswerWriter: writes one relayed answer to the client, head and body, and frames the body.
//
// The head is sent with the first write. Belongs to the relay of one exchange; holds a borrowed
// text for the head until it is sent, and nothing afterwards.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "http/head.h"
#include "http/scratch.h"

namespace penstock::gateway {

class AnswerWriter {
 public:
  AnswerWriter(Exchange& exchange, int status, Exchange::Body body);

  // The status line and fields, without framing and end; before the first write.
  std::string& head() { return **head_; }

  // Discards what head() holds and starts again, with another status and a body that is no stream.
  void begin_again(int status);
  int status() const { return status_; }

  // What marks the end for the client; call before the first write. A stream is chunked, or ends
  // with the connection for an HTTP/1.0 client.
  void use_length(std::uint64_t length);
  void use_stream();
  bool head_is_sent() const { return !head_.has_value(); }
  bool framed() const { return framing_.kind != http::Framing::Kind::kNone; }

  enum class Last : bool { kNo, kYes };
  // Errors: those of http::ServerConnection::write().
  Eventual<Status> write(std::string_view data, Last last);

  // The answer is broken: if only the end of the connection would mark its end, that becomes a
  // reset.
  void cut();

 private:
  Task<Status> write_rest(Eventual<Status> writing, std::size_t data_bytes);
  Status wrote(Status written, std::size_t data_bytes);

  Exchange& exchange_;
  int status_;
  Exchange::Body body_;
  std::optional<http::ScratchPool::Text> head_;  // until it is sent
  http::Framing framing_;
  std::string chunk_header_;  // of the current write; short enough for the string's inline buffer
};

}  // namespace penstock::gateway
