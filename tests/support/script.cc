#include "support/script.h"

#include <algorithm>
#include <utility>

namespace penstock::testing {

Script&& Script::add(Step::Kind kind, std::string_view bytes, std::shared_ptr<const Latch> latch) {
  steps_.push_back({kind, std::string(bytes), std::move(latch)});
  return std::move(*this);
}

Script&& Script::send(std::string_view bytes) && {
  return add(Step::Kind::kSend, bytes);
}

Script&& Script::send_cut(std::string_view bytes, std::mt19937_64& random,
                          std::size_t bytes_max) && {
  std::uniform_int_distribution<std::size_t> size(1, bytes_max);
  while (!bytes.empty()) {
    const std::size_t piece = std::min(size(random), bytes.size());
    add(Step::Kind::kSend, bytes.substr(0, piece));
    bytes.remove_prefix(piece);
  }
  return std::move(*this);
}

Script&& Script::send_forever(std::string_view bytes) && {
  return add(Step::Kind::kSendForever, bytes);
}

Script&& Script::pause(std::shared_ptr<const Latch> until) && {
  return add(Step::Kind::kPause, {}, std::move(until));
}

Script&& Script::stall() && {
  return add(Step::Kind::kStall);
}
Script&& Script::read_body() && {
  return add(Step::Kind::kReadBody);
}
Script&& Script::half_close() && {
  return add(Step::Kind::kHalfClose);
}
Script&& Script::close() && {
  return add(Step::Kind::kClose);
}
Script&& Script::close_without_notify() && {
  return add(Step::Kind::kCloseWithoutNotify);
}
Script&& Script::reset() && {
  return add(Step::Kind::kReset);
}

Script&& Script::after_head() && {
  begin_ = Begin::kAfterHead;
  return std::move(*this);
}

Script&& Script::append(const Script& other) && {
  steps_.insert(steps_.end(), other.steps_.begin(), other.steps_.end());
  return std::move(*this);
}

}  // namespace penstock::testing
