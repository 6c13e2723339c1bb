#include "support/raw_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace penstock::testing {

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes)
    : endpoint_(Endpoint::connect(port, receive_buffer_bytes)) {}

RawClient::RawClient(std::uint16_t port, SSL_CTX* tls) : endpoint_(Endpoint::connect(port)) {
  if (!endpoint_.connect_tls(tls, "localhost", after(kPatience))) {
    throw std::runtime_error("the TLS handshake failed");
  }
}

bool RawClient::send(std::string_view bytes, milliseconds limit) {
  return endpoint_.send(bytes, after(limit)) == Io::kDone;
}

bool RawClient::send_in_pieces(std::string_view text, std::size_t bytes) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, bytes);
    if (!send(piece)) return false;
    text.remove_prefix(piece.size());
  }
  return true;
}

WholeAnswer RawClient::ask(std::string_view request, milliseconds limit) {
  EXPECT_TRUE(send(request, limit)) << "the server did not take the request";
  return read_answer(limit);
}

WholeAnswer RawClient::read_answer(milliseconds limit) {
  const TimePoint until = after(limit);
  WholeAnswer answer;
  answer.head = read_head(limit);
  if (answer.head.status == 0) {
    answer.end = end_;
    return answer;
  }
  while (more(until)) {
  }
  answer.body = std::exchange(body_, {});
  answer.complete = body_complete_;
  answer.end = end_;
  return answer;
}

HeadText RawClient::read_head(milliseconds limit) {
  const TimePoint until = after(limit);
  for (;;) {
    if (auto head = take_head(unread_)) {
      begin_body(*head);
      return *head;
    }
    end_ = endpoint_.receive(unread_, until);
    if (end_ != Io::kDone) {
      ADD_FAILURE() << "no head, but " << name_of(end_) << " after " << unread_.size() << " bytes";
      return {};
    }
  }
}

void RawClient::begin_body(const HeadText& head) {
  body_.clear();
  chunks_ = {};
  end_ = Io::kDone;
  left_ = 0;
  const bool has_none = head.status / 100 == 1 || head.status == 204 || head.status == 304;
  if (has_none) {
    framing_ = Framing::kLength;
  } else if (head.find("transfer-encoding")) {
    framing_ = Framing::kChunked;
  } else if (const auto length = head.find("content-length")) {
    framing_ = Framing::kLength;
    std::from_chars(length->data(), length->data() + length->size(), left_);
  } else {
    framing_ = Framing::kUntilClose;
  }
  body_complete_ = framing_ == Framing::kLength && left_ == 0;
  EXPECT_TRUE(decode()) << "broken chunks";
}

bool RawClient::decode() {
  if (framing_ == Framing::kChunked) {
    const bool sound = chunks_.take(unread_, body_);
    body_complete_ = chunks_.done();
    return sound;
  }
  std::size_t bytes = unread_.size();
  if (framing_ == Framing::kLength) {
    bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, left_));
    left_ -= bytes;
    body_complete_ = left_ == 0;
  }
  body_.append(unread_, 0, bytes);
  unread_.erase(0, bytes);
  return true;
}

bool RawClient::more(TimePoint until) {
  if (body_complete_ || end_ != Io::kDone) return false;
  end_ = endpoint_.receive(unread_, until);
  if (end_ == Io::kEnd && framing_ == Framing::kUntilClose) body_complete_ = true;
  if (end_ == Io::kTimeout) ADD_FAILURE() << "the body did not go on";
  if (end_ != Io::kDone) return false;
  if (decode()) return true;
  ADD_FAILURE() << "broken chunks";
  return false;
}

std::optional<std::string> RawClient::read_event(milliseconds limit) {
  const TimePoint until = after(limit);
  for (;;) {
    if (auto taken = take_event(body_)) return taken;
    if (!more(until)) return std::nullopt;
  }
}

std::string RawClient::read_body(std::size_t bytes, milliseconds limit) {
  const TimePoint until = after(limit);
  while (body_.size() < bytes && more(until)) {
  }
  std::string taken = body_.substr(0, bytes);
  body_.erase(0, bytes);
  return taken;
}

RawClient::Rest RawClient::read_rest(milliseconds limit) {
  const TimePoint until = after(limit);
  while (more(until)) {
  }
  return {std::exchange(body_, {}), body_complete_, end_};
}

Io RawClient::read_to_end(milliseconds limit) {
  const TimePoint until = after(limit);
  Io io = Io::kDone;
  while (io == Io::kDone) io = endpoint_.receive(unread_, until);
  return io;
}

}  // namespace penstock::testing
