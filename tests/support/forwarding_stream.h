#pragma once

// A stream that passes everything on to another: a test overrides what its case is about.

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "net/stream.h"

namespace penstock::testing {

class ForwardingStream : public net::Stream {
 public:
  explicit ForwardingStream(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}

  net::Transfer read(std::span<char> into) override { return stream_->read(into); }
  net::Transfer write(std::span<const iovec> pieces) override { return stream_->write(pieces); }
  net::Signal& readable() override { return stream_->readable(); }
  net::Signal& writable() override { return stream_->writable(); }
  net::Signal& closed() override { return stream_->closed(); }
  void end_writing() override { stream_->end_writing(); }
  void reset_on_close() override { stream_->reset_on_close(); }
  const net::SocketAddress& peer() const override { return stream_->peer(); }
  std::string trouble() const override { return stream_->trouble(); }

 private:
  const std::unique_ptr<net::Stream> stream_;
};

}  // namespace penstock::testing
