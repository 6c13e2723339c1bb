#pragma once

// TunnelAnswer: a proxy's answer to CONNECT, as it arrives.
//
// Only its head matters: an answer that opens a tunnel has no body whatever it says (RFC 9110
// section 9.3.6), and any other ends the connection. The upstream does not speak first, so bytes
// after the head of the former are nonsense.

#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"
#include "http/head.h"

namespace penstock::http {

class TunnelAnswer {
 public:
  static constexpr std::size_t kHeadBytesMax = 16 * 1024;

  // Where the next bytes are to be read to; never empty.
  std::span<char> room();
  // After `bytes` have been read. Fails with kUpstreamInvalidResponse.
  Status received(std::size_t bytes);

  // Of the final answer; 0: its head has not arrived.
  int status() const { return status_; }

 private:
  std::string buffer_;
  std::size_t used_ = 0;     // bytes of the buffer that were received
  std::size_t scanned_ = 0;  // as of parse_response_head()
  ResponseHead head_;
  int interim_answers_ = 0;
  int status_ = 0;
};

}  // namespace penstock::http
