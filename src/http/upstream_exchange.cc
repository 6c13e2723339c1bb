#include "http/upstream_exchange.h"

#include "http/upstream_pool.h"

namespace penstock::http {
namespace {

constexpr std::size_t kUnreadBytesMax = 64 * 1024;

}  // namespace

UpstreamExchange::~UpstreamExchange() = default;

void UpstreamExchange::finish() {
  pool_->give_back(std::move(connection_));
}

void UpstreamExchange::finish_unread() {
  std::size_t bytes = 0;
  while (bytes < kUnreadBytesMax) {
    const auto part = connection_->read_body();
    if (!part) break;
    if (part->end) return finish();
    if (part->data.empty()) break;
    bytes += part->data.size();
  }
  reset();
}

}  // namespace penstock::http
