#pragma once

// Stream: a connected byte stream, plain or TLS, on one thread.
//
// Reading and writing never block: they do what can be done at once, and signals report when more
// can be done. A raised signal means "try": a read or write that finds nothing to do lowers it.
// This is the seam for simulations: everything above net/ sees sockets only through this interface.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <sys/uio.h>

#include "net/signal.h"
#include "net/socket_address.h"

namespace penstock::net {

struct Transfer {
  enum class Kind : std::uint8_t {
    kBytes,       // `bytes` were moved, at least one
    kWouldBlock,  // nothing at present: wait for the signal
    kEnd,         // reading only: the peer has ended its side in order
    kFailed,      // the connection is broken; nothing more can be moved in either direction
  };
  Kind kind = Kind::kFailed;
  std::size_t bytes = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;

  virtual Transfer read(std::span<char> into) = 0;
  // Writes the pieces in order. After kWouldBlock or a short write, the next call must begin with
  // the bytes that were not taken (TLS has already encrypted them).
  virtual Transfer write(std::span<const iovec> pieces) = 0;

  virtual Signal& readable() = 0;
  virtual Signal& writable() = 0;
  // The peer has closed its side, or the connection is broken. Bytes that came before may still be
  // readable. A peer that shuts its side counts as gone: one that waits for an answer keeps both
  // sides open.
  virtual Signal& closed() = 0;

  // Tells the peer that nothing more will be written; reading continues. For a server whose last
  // answer must arrive although the client is still sending (RFC 9112 section 9.6).
  virtual void end_writing() = 0;

  // Makes the stream end with a reset when it is destroyed, so that the peer cannot take a broken
  // message for a whole one if only the end of the connection would mark its end.
  virtual void reset_on_close() = 0;

  // What reads from this stream may have to write to continue, and the reverse, as TLS does: from
  // now on each event raises both signals.
  virtual void couple_signals() {}

  virtual const SocketAddress& peer() const = 0;

  // After kFailed, why it is broken, where the peer has said so (an alert of TLS), and what can be
  // done about it. Empty: nothing is known.
  virtual std::string trouble() const { return {}; }
};

}  // namespace penstock::net
