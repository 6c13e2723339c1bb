// Headers of the PROXY protocol, of arbitrary bytes. Cutting must not change the result, and what
// follows a header must not either.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/proxy_header.h"
#include "require.h"

namespace {

using penstock::fuzz::require;
using penstock::net::ProxyHeader;
using penstock::net::read_proxy_header;
using Kind = ProxyHeader::Kind;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const ProxyHeader whole = read_proxy_header(text);
  require(whole.bytes <= size && whole.bytes <= ProxyHeader::kBytesMax);
  require((whole.kind == Kind::kComplete) == (whole.bytes > 0));
  if (whole.source) require(!whole.source->empty());

  for (std::size_t part = 0; part < size && part < 300; ++part) {
    const ProxyHeader cut = read_proxy_header(text.substr(0, part));
    if (cut.kind == Kind::kIncomplete) continue;
    // A judgement does not change with further bytes.
    require(cut.kind == whole.kind && cut.bytes == whole.bytes);
    break;
  }
  if (whole.kind == Kind::kComplete) {
    const ProxyHeader alone = read_proxy_header(text.substr(0, whole.bytes));
    require(alone.kind == Kind::kComplete && alone.bytes == whole.bytes);
    require(alone.source.has_value() == whole.source.has_value());
  }
  return 0;
}
