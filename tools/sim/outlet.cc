#include "sim/outlet.h"

#include <algorithm>
#include <string>

#include "net/wait.h"

namespace penstock::sim {
namespace {

// Where the pause inside the status line is: after `HTTP/1.1 `.
constexpr std::size_t kHeadSplit = 9;

}  // namespace

void Outlet::expect_head(std::size_t bytes) {
  if (behaviour_.cut_after_body_bytes == Behaviour::kNever) return;
  bytes_left_ = std::min(bytes_left_, bytes + behaviour_.cut_after_body_bytes);
}

bool Outlet::smooth(std::size_t bytes) const {
  const bool paused = !begun_ && behaviour_.head_pause.count() > 0;
  return behaviour_.piece_bytes_max == 0 && bytes_left_ > bytes && !paused;
}

Task<Outlet::Sent> Outlet::send(std::string_view first, std::string_view second) {
  const std::size_t bytes = first.size() + second.size();
  if (smooth(bytes)) {
    http::Pieces pieces;
    pieces.add(first);
    pieces.add(second);
    const Status written = co_await connection_.write_raw(pieces);
    begun_ = true;
    if (bytes_left_ != Behaviour::kNever) bytes_left_ -= bytes;
    co_return written ? Sent::kAll : Sent::kGone;
  }
  std::string joined(first);
  joined.append(second);
  co_return co_await send_in_pieces(joined);
}

Task<Outlet::Sent> Outlet::send_in_pieces(std::string_view bytes) {
  const bool cut = bytes_left_ <= bytes.size();
  if (cut) bytes = bytes.substr(0, static_cast<std::size_t>(bytes_left_));
  if (bytes_left_ != Behaviour::kNever) bytes_left_ -= bytes.size();
  while (!bytes.empty()) {
    std::size_t size = bytes.size();
    const bool pause = !begun_ && behaviour_.head_pause.count() > 0;
    if (pause) size = std::min(size, kHeadSplit);
    if (behaviour_.piece_bytes_max > 0) {
      size = std::min<std::size_t>(size, 1 + random_.next() % behaviour_.piece_bytes_max);
    }
    http::Pieces pieces;
    pieces.add(bytes.substr(0, size));
    const Status written = co_await connection_.write_raw(pieces);
    if (!written) co_return Sent::kGone;
    bytes.remove_prefix(size);
    begun_ = true;
    SteadyTime until = connection_.loop().now();
    if (pause) until += behaviour_.head_pause;
    const Sent waited = co_await pause_until(until);
    if (waited == Sent::kGone) co_return Sent::kGone;
  }
  co_return cut ? Sent::kCut : Sent::kAll;
}

Task<Outlet::Sent> Outlet::pause_until(SteadyTime time) {
  connection_.deadline().set(time);
  const net::Woken woken =
      co_await net::wait_any(connection_.loop(), &connection_.deadline(), connection_.gone());
  co_return woken.by(connection_.gone()) ? Sent::kGone : Sent::kAll;
}

Task<Outlet::Sent> Outlet::yield() {
  // A deadline that has passed ends a wait at once, unless the coroutine has used up its turn.
  return pause_until(connection_.loop().now());
}

}  // namespace penstock::sim
