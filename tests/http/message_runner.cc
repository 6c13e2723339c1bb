#include "http/message_runner.h"

#include <algorithm>

namespace penstock::http {

void MessageRunner::feed(std::string_view bytes) {
  buffer_.append(bytes);
  while (!error_ && advance()) {
  }
}

bool MessageRunner::advance() {
  switch (stage_) {
    case Stage::kHead:
      return advance_head();
    case Stage::kLength:
      return advance_length();
    case Stage::kChunked:
      return advance_chunked();
    case Stage::kUntilClose:
      bodies_.append(buffer_);
      buffer_.clear();
      return false;
    case Stage::kClosed:
      return false;
  }
  return false;
}

bool MessageRunner::advance_head() {
  const auto parsed = side_ == Side::kServer
                          ? parse_request_head(buffer_, scanned_, limits_, request_)
                          : parse_response_head(buffer_, scanned_, limits_, response_);
  if (!parsed) {
    error_ = parsed.error();
    return false;
  }
  if (!parsed->complete()) {
    scanned_ = buffer_.size();
    return false;
  }
  const bool server = side_ == Side::kServer;
  const Framing framing = server ? request_.framing : response_.framing;
  const bool keep_alive = server ? request_.keep_alive : response_.keep_alive;
  const bool switches = !server && response_.status == 101;
  buffer_.erase(0, parsed->head_bytes);
  scanned_ = 0;
  if (switches) {
    // The parser leaves it to its caller to refuse an unsolicited 101.
    error_ = Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever, "101");
    return false;
  }
  begin_body(framing, keep_alive);
  return true;
}

void MessageRunner::begin_body(const Framing& framing, bool keep_alive) {
  keep_alive_ = keep_alive;
  left_bytes_ = framing.length;
  switch (framing.kind) {
    case Framing::Kind::kNone:
      end_message();
      break;
    case Framing::Kind::kLength:
      stage_ = Stage::kLength;
      break;
    case Framing::Kind::kChunked:
      stage_ = Stage::kChunked;
      decoder_.emplace(side_ == Side::kServer ? Direction::kRequest : Direction::kResponse);
      break;
    case Framing::Kind::kUntilClose:
      stage_ = Stage::kUntilClose;
      break;
  }
}

bool MessageRunner::advance_length() {
  const std::size_t taken = std::min<std::uint64_t>(left_bytes_, buffer_.size());
  bodies_.append(buffer_, 0, taken);
  buffer_.erase(0, taken);
  left_bytes_ -= taken;
  if (left_bytes_ > 0) return false;
  end_message();
  return true;
}

bool MessageRunner::advance_chunked() {
  const auto step = decoder_->step(buffer_);
  if (!step) {
    error_ = step.error();
    return false;
  }
  bodies_.append(step->data);
  buffer_.erase(0, step->consumed);
  if (!decoder_->done()) return !buffer_.empty();
  end_message();
  return true;
}

void MessageRunner::end_message() {
  ++messages_;
  stage_ = keep_alive_ ? Stage::kHead : Stage::kClosed;
}

std::string MessageRunner::verdict() const {
  std::string text = std::to_string(messages_) + " messages, bodies '" + bodies_ + "', ";
  if (error_) return text + std::string(name_of(error_->kind));
  return text + (has_unread() ? "unread bytes" : "sound");
}

MessageRunner run(Side side, std::string_view bytes, std::size_t piece_bytes) {
  MessageRunner runner(side);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    runner.feed(piece);
    bytes.remove_prefix(piece.size());
  }
  return runner;
}

}  // namespace penstock::http
