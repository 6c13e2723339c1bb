#include "http/upstream_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/text.h"
#include "http/serializer.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

constexpr int kInterimAnswersMax = 16;

// `Keep-Alive: timeout=5, max=100`, less a second for the transit.
std::optional<std::chrono::milliseconds> stated_idle_timeout(const Fields& fields) {
  const std::optional<std::string_view> value = fields.find(FieldName::kKeepAlive);
  if (!value) return std::nullopt;
  constexpr std::string_view kTimeout = "timeout=";
  const std::size_t at = value->find(kTimeout);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view digits = value->substr(at + kTimeout.size());
  digits = digits.substr(0, digits.find_first_not_of("0123456789"));
  const std::optional<std::uint64_t> seconds = parse_decimal(digits.substr(0, 9));
  if (!seconds) return std::nullopt;
  return std::chrono::seconds(*seconds > 0 ? *seconds - 1 : 0);
}

// Whether a request of that method usually has a body: it then states a length even if it has none
// (RFC 9110 section 8.6).
bool has_body(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

Error reset(RetryClass retry, std::string message) {
  return Error::upstream(ErrorKind::kUpstreamReset, retry, std::move(message));
}

}  // namespace

UpstreamConnection::UpstreamConnection(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
                                       ScratchPool& scratch, UpstreamLimit::Permit permit)
    : loop_(loop),
      permit_(std::move(permit)),
      opened_(loop.now()),
      stream_(std::move(stream)),
      scratch_(scratch),
      deadline_(loop) {}

UpstreamConnection::~UpstreamConnection() {
  if (!request_sent_ || !body_ended_) stream_->reset_on_close();
}

Eventual<Status> UpstreamConnection::send(const RequestToSend& request, const Pieces& body,
                                          SteadyTime until, net::Signal& cancel) {
  Framing framing;
  if (!body.empty() || has_body(request.method)) framing = {Framing::Kind::kLength, body.bytes()};
  Pieces pieces = begin_request(request, framing);
  pieces.add(body);
  return write_all(pieces, Last::kYes, until, cancel);
}

Eventual<Status> UpstreamConnection::send(const RequestToSend& request,
                                          std::optional<std::uint64_t> length,
                                          std::string_view part, Last last, SteadyTime until,
                                          net::Signal& cancel) {
  Framing framing{Framing::Kind::kChunked, 0};
  if (length) framing = {Framing::Kind::kLength, *length};
  Pieces pieces = begin_request(request, framing);
  request_framing_.begin(framing);
  request_framing_.add(pieces, part, last);
  return write_all(pieces, last, until, cancel);
}

Eventual<Status> UpstreamConnection::write(std::string_view part, Last last, SteadyTime until,
                                           net::Signal& cancel) {
  if (has_answer()) return Status{};
  Pieces pieces;
  request_framing_.add(pieces, part, last);
  return write_all(pieces, last, until, cancel);
}

// The head's pieces.
Pieces UpstreamConnection::begin_request(const RequestToSend& request, const Framing& framing) {
  request_has_begun_ = false;
  request_sent_ = false;
  body_ended_ = false;
  head_complete_ = false;
  scanned_ = 0;
  interim_answers_ = 0;
  own_lines_.emplace(scratch_);
  std::string& lines = **own_lines_;
  append_request_line(lines, request.method, {request.target});
  const std::size_t first_bytes = lines.size();
  append_framing(lines, framing);
  append_head_end(lines);
  const std::string_view own = lines;
  Pieces pieces;
  pieces.add(own.substr(0, first_bytes));
  pieces.add(request.fields.lines());
  pieces.add(own.substr(first_bytes));
  return pieces;
}

Eventual<Status> UpstreamConnection::write_all(Pieces pieces, Last last, SteadyTime until,
                                               net::Signal& cancel) {
  deadline_.set(until);
  std::optional<Status> written = write_what_goes(pieces, last);
  if (written) return std::move(*written);
  return write_rest(pieces, last, cancel);
}

// Nullopt if the socket takes no more at present.
std::optional<Status> UpstreamConnection::write_what_goes(Pieces& pieces, Last last) {
  const std::size_t before = pieces.bytes();
  const net::Transfer::Kind kind = write_some(*stream_, pieces);
  if (pieces.bytes() < before) request_has_begun_ = true;
  if (kind == net::Transfer::Kind::kWouldBlock) return std::nullopt;
  request_sent_ = kind == net::Transfer::Kind::kBytes && last == Last::kYes;
  if (kind != net::Transfer::Kind::kBytes && !request_has_begun_) {
    return failure(reset(RetryClass::kNothingSent, "the upstream closed the connection"));
  }
  // If it broke later, it may have answered before it closed: receive_head() finds out.
  return Status{};
}

Task<Status> UpstreamConnection::write_rest(Pieces pieces, Last last, net::Signal& cancel) {
  for (;;) {
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, cancel, stream_->readable(), stream_->writable());
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                        "the upstream took too long to read the request")
                            .at_limit(Limit::kFirstByteTimeout));
    }
    if (woken.by(stream_->readable())) {
      const net::Transfer::Kind kind = read_more();
      // receive_head() finds the end again, and interprets it.
      if (kind == net::Transfer::Kind::kEnd || kind == net::Transfer::Kind::kFailed) {
        co_return Status{};
      }
      Status taken = take_heads();
      if (!taken) co_return failure(std::move(taken.error()));
      // Interim answers ask for the rest of the request; only a final one makes it unnecessary.
      if (head_complete_) co_return Status{};
    }
    std::optional<Status> written = write_what_goes(pieces, last);
    if (written) co_return std::move(*written);
  }
}

// Reads once, after the buffered bytes, into a larger block if this one is full.
net::Transfer::Kind UpstreamConnection::read_more() {
  if (!block_) {
    block_ = scratch_.block();
    begin_ = end_ = 0;
  } else if (end_ == block_.size()) {
    // The parser refuses a head over the limit, so more room can always be made.
    const std::size_t kept = end_ - begin_;
    ScratchPool::Block larger =
        scratch_.large_block(std::max(block_.size(), kHeadLimits.bytes + ScratchPool::kBlockBytes));
    std::memcpy(larger.data(), block_.data() + begin_, kept);
    block_ = std::move(larger);
    begin_ = 0;
    end_ = kept;
  }
  const net::Transfer transfer = stream_->read({block_.data() + end_, block_.size() - end_});
  if (transfer.kind == net::Transfer::Kind::kBytes) end_ += transfer.bytes;
  return transfer.kind;
}

// Parses what has been received: interim answers are dropped, a final one ends the parsing.
Status UpstreamConnection::take_heads() {
  while (begin_ != end_ && !head_complete_) {
    const std::string_view received(block_.data() + begin_, end_ - begin_);
    Result<Parsed> parsed = parse_response_head(received, scanned_, kHeadLimits, head_);
    if (!parsed) return failure(std::move(parsed.error()));
    if (!parsed->complete()) {
      scanned_ = received.size();
      return {};
    }
    scanned_ = 0;
    begin_ += parsed->head_bytes;
    if (head_.status >= 200) {
      head_complete_ = true;
      decoder_ = ChunkedDecoder(Direction::kResponse);
      body_left_ = head_.framing.length;
      body_ended_ = head_.framing.kind == Framing::Kind::kNone ||
                    (head_.framing.kind == Framing::Kind::kLength && body_left_ == 0);
      stated_idle_timeout_ = stated_idle_timeout(head_.fields);
    } else if (head_.status == 101 || ++interim_answers_ > kInterimAnswersMax) {
      return failure(Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                                     "the upstream sent an unexpected interim status"));
    }
  }
  // The next bytes may take long.
  if (!head_complete_) block_.give_back();
  return {};
}

// A raised signal only means "try": under TLS, the bytes may not be application data.
bool UpstreamConnection::stale() {
  if (stream_->closed().raised()) return true;
  if (!stream_->readable().raised()) return false;
  char unasked = 0;
  return stream_->read({&unasked, 1}).kind != net::Transfer::Kind::kWouldBlock;
}

Error UpstreamConnection::reset_before_head() const {
  const bool answer_has_begun = begin_ != end_ || interim_answers_ > 0;
  const bool stale = reused() && !answer_has_begun;
  const RetryClass retry = stale ? RetryClass::kStaleConnection : RetryClass::kNever;
  std::string message = "the upstream closed the connection without answering";
  if (const std::string trouble = stream_->trouble(); !trouble.empty()) {
    message.append(": ").append(trouble);
  }
  return reset(retry, std::move(message));
}

Task<Result<const ResponseHead*>> UpstreamConnection::receive_head(SteadyTime until,
                                                                   net::Signal& cancel) {
  own_lines_.reset();
  deadline_.set(until);
  while (!head_complete_) {
    const net::Woken woken = co_await net::wait_any(loop_, &deadline_, stream_->readable(), cancel);
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) {
      co_return failure(Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNever,
                                        "the upstream took too long to answer")
                            .at_limit(Limit::kFirstByteTimeout));
    }
    const net::Transfer::Kind kind = read_more();
    if (kind == net::Transfer::Kind::kEnd || kind == net::Transfer::Kind::kFailed) {
      co_return failure(reset_before_head());
    }
    Status taken = take_heads();
    if (!taken) co_return failure(std::move(taken.error()));
  }
  co_return &head_;
}

Result<UpstreamConnection::BodyPart> UpstreamConnection::read_body() {
  if (body_ended_) return BodyPart{{}, true};
  if (begin_ == end_) {
    if (!block_) block_ = scratch_.block();
    begin_ = end_ = 0;
    const net::Transfer transfer = stream_->read({block_.data(), block_.size()});
    switch (transfer.kind) {
      case net::Transfer::Kind::kBytes:
        end_ = transfer.bytes;
        break;
      case net::Transfer::Kind::kWouldBlock:
        block_.give_back();
        return BodyPart{};
      case net::Transfer::Kind::kEnd:
        if (head_.framing.kind == Framing::Kind::kUntilClose) {
          body_ended_ = true;
          return BodyPart{{}, true};
        }
        [[fallthrough]];
      case net::Transfer::Kind::kFailed:
        return failure(reset(RetryClass::kNever,
                             "the upstream closed the connection in the middle of its answer"));
    }
  }
  switch (head_.framing.kind) {
    case Framing::Kind::kLength: {
      const std::size_t bytes =
          static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, end_ - begin_));
      const std::string_view data(block_.data() + begin_, bytes);
      begin_ += bytes;
      body_left_ -= bytes;
      body_ended_ = body_left_ == 0;
      return BodyPart{data, body_ended_};
    }
    case Framing::Kind::kChunked: {
      Result<std::string_view> data = decode(end_ - begin_);
      if (!data) return failure(std::move(data.error()));
      return BodyPart{*data, body_ended_};
    }
    default: {
      const std::string_view data(block_.data() + begin_, end_ - begin_);
      begin_ = end_;
      return BodyPart{data, false};
    }
  }
}

// Decodes the received chunks in place: their data is moved together at the front.
Result<std::string_view> UpstreamConnection::decode(std::size_t bytes) {
  std::string_view coded(block_.data() + begin_, bytes);
  char* const data = block_.data() + begin_;
  std::size_t size = 0;
  while (!coded.empty() && !decoder_.done()) {
    Result<ChunkedDecoder::Step> step = decoder_.step(coded);
    if (!step) return failure(std::move(step.error()));
    if (!step->data.empty()) std::memmove(data + size, step->data.data(), step->data.size());
    size += step->data.size();
    coded.remove_prefix(step->consumed);
  }
  begin_ = end_ - coded.size();
  body_ended_ = decoder_.done();
  return std::string_view(data, size);
}

void UpstreamConnection::release_memory() {
  if (begin_ != end_) return;
  block_.give_back();
  if (head_.fields.size() == 0) return;
  ResponseHead kept;
  kept.status = head_.status;
  kept.framing = head_.framing;
  kept.keep_alive = head_.keep_alive;
  head_ = std::move(kept);
}

bool UpstreamConnection::reusable() const {
  return request_sent_ && body_ended_ && head_.keep_alive && begin_ == end_ &&
         head_.framing.kind != Framing::Kind::kUntilClose && !stream_->closed().raised();
}

void UpstreamConnection::rest(std::chrono::milliseconds idle_timeout) {
  block_.give_back();
  begin_ = end_ = 0;
  ++exchanges_;
  deadline_.clear();
  usable_until_ = loop_.now() + std::min(idle_timeout, stated_idle_timeout_.value_or(idle_timeout));
}

}  // namespace penstock::http
