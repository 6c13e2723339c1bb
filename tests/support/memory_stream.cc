#include "support/memory_stream.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::testing {

using net::Transfer;

void MemoryStream::Pipe::deliver(std::size_t bytes) {
  arrived.append(under_way, 0, bytes);
  under_way.erase(0, bytes);
  if (end_sent && under_way.empty()) end_arrived = true;
  if (reader == nullptr) return;
  if (end_arrived) reader->closed_.raise();
  reader->event(reader->readable_);
}

// What has arrived stays readable; what is in transit is lost.
void MemoryStream::Pipe::break_off() {
  under_way.clear();
  broken = true;
  for (MemoryStream* end : {reader, writer}) {
    if (end == nullptr) continue;
    end->closed_.raise();
    end->readable_.raise();
    end->writable_.raise();
  }
}

MemoryStream::MemoryStream(const MemoryOptions& options, std::shared_ptr<Pipe> in,
                           std::shared_ptr<Pipe> out)
    : options_(options), in_(std::move(in)), out_(std::move(out)) {
  in_->reader = this;
  in_->window_bytes = options.window_bytes;
  out_->writer = this;
  writable_.raise();
  // After its handshake, TLS may already hold bytes of a record.
  if (options.manner == MemoryOptions::Manner::kTls) readable_.raise();
}

MemoryStream::~MemoryStream() {
  const bool unread = !in_->arrived.empty() || !in_->under_way.empty();
  in_->reader = nullptr;
  out_->writer = nullptr;
  if (resets_ || unread || in_->broken || out_->broken) {
    in_->break_off();
    out_->break_off();
    return;
  }
  end_writing();
}

void MemoryStream::event(net::Signal& signal) {
  signal.raise();
  if (options_.manner == MemoryOptions::Manner::kTls) raise_for_nothing();
}

void MemoryStream::raise_for_nothing() {
  readable_.raise();
  writable_.raise();
}

Transfer MemoryStream::read(std::span<char> into) {
  if (in_->arrived.empty()) {
    if (in_->broken) return {Transfer::Kind::kFailed, 0};
    if (in_->end_arrived) return {Transfer::Kind::kEnd, 0};
    readable_.lower();
    return {Transfer::Kind::kWouldBlock, 0};
  }
  const std::size_t bytes = std::min({into.size(), in_->arrived.size(), options_.read_bytes_max});
  std::memcpy(into.data(), in_->arrived.data(), bytes);
  in_->arrived.erase(0, bytes);
  if (in_->writer != nullptr) in_->writer->event(in_->writer->writable_);
  const bool is_short = in_->arrived.empty() && bytes < into.size();
  if (is_short && options_.manner == MemoryOptions::Manner::kTcp && !closed_.raised()) {
    readable_.lower();
  }
  return {Transfer::Kind::kBytes, bytes};
}

Transfer MemoryStream::write(std::span<const iovec> pieces) {
  if (out_->broken || out_->end_sent) return {Transfer::Kind::kFailed, 0};
  if (out_->reader == nullptr) {
    // The other end has closed: it answers bytes with a reset.
    out_->break_off();
    in_->break_off();
    return {Transfer::Kind::kFailed, 0};
  }
  const std::size_t used = out_->arrived.size() + out_->under_way.size();
  std::size_t room =
      std::min(out_->window_bytes - std::min(used, out_->window_bytes), options_.write_bytes_max);
  std::size_t written = 0;
  for (const iovec& piece : pieces) {
    const std::size_t part = std::min(piece.iov_len, room);
    out_->under_way.append(static_cast<const char*>(piece.iov_base), part);
    written += part;
    room -= part;
  }
  if (written == 0) {
    writable_.lower();
    return {Transfer::Kind::kWouldBlock, 0};
  }
  if (options_.network == nullptr) out_->deliver(written);
  return {Transfer::Kind::kBytes, written};
}

void MemoryStream::end_writing() {
  if (out_->broken || out_->end_sent) return;
  out_->end_sent = true;
  if (options_.network == nullptr) out_->deliver(0);
}

std::size_t MemoryStream::send(std::string_view text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const iovec piece{const_cast<char*>(text.data()) + sent, text.size() - sent};
    const Transfer transfer = write({&piece, 1});
    if (transfer.kind != Transfer::Kind::kBytes) break;
    sent += transfer.bytes;
  }
  return sent;
}

std::string MemoryStream::receive() {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const Transfer transfer = read(buffer);
    if (transfer.kind != Transfer::Kind::kBytes) return text;
    text.append(buffer.data(), transfer.bytes);
  }
}

bool MemoryStream::ended() {
  return in_->arrived.empty() && in_->end_arrived && !in_->broken;
}

void MemoryStream::reset() {
  in_->break_off();
  out_->break_off();
}

std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>> memory_pair(
    const MemoryOptions& near, const MemoryOptions& far) {
  auto there = std::make_shared<MemoryStream::Pipe>();
  auto back = std::make_shared<MemoryStream::Pipe>();
  if (near.network != nullptr) {
    near.network->pipes_.push_back(there);
    near.network->pipes_.push_back(back);
  }
  return {std::unique_ptr<MemoryStream>(new MemoryStream(near, back, there)),
          std::unique_ptr<MemoryStream>(new MemoryStream(far, there, back))};
}

bool MemoryNetwork::step() {
  std::erase_if(pipes_, [](const auto& pipe) { return pipe.expired(); });
  std::vector<std::shared_ptr<MemoryStream::Pipe>> busy;
  for (const auto& each : pipes_) {
    if (auto pipe = each.lock(); pipe->in_flight() && !pipe->broken) busy.push_back(pipe);
  }
  if (busy.empty()) return false;
  MemoryStream::Pipe& pipe = *busy[random_.next() % busy.size()];
  if (breaks_one_in_ > 0 && random_.next() % breaks_one_in_ == 0) {
    ++breaks_;
    MemoryStream* const end = pipe.reader != nullptr ? pipe.reader : pipe.writer;
    if (end != nullptr) {
      end->reset();
    } else {
      pipe.break_off();
    }
    return true;
  }
  // Single bytes as often as everything.
  const std::size_t all = pipe.under_way.size();
  const std::size_t bytes = all == 0                  ? 0
                            : random_.next() % 4 == 0 ? 1
                            : random_.next() % 2 == 0 ? all
                                                      : 1 + random_.next() % all;
  pipe.deliver(bytes);
  return true;
}

}  // namespace penstock::testing
