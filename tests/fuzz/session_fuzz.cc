// What requests say of their session, and answers of what they made: it ends, within its bounds,
// for any bytes, and of a body that another reader accepts it finds the same.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_reader.h"
#include "require.h"
#include "wire/bodies/pinned_ids.h"
#include "wire/bodies/request_session.h"
#include "wire/bodies/sealed_items.h"

namespace {

using namespace penstock::wire;
using penstock::fuzz::require;

std::optional<std::uint64_t> hash_of(const std::optional<penstock::JsonValue>& value) {
  const std::string text = value ? value->text() : std::string();
  if (text.empty()) return {};
  return penstock::stable_hash(text);
}

void check_request(std::string_view body) {
  const RequestSession session = read_session(body, {.prefix_bytes = 64, .pins = true});
  require(session.items.size() <= 4096);
  const auto document = penstock::JsonDocument::read(body);
  if (!document || !document->root().is_object()) return;
  const penstock::JsonValue root = document->root();
  require(session.prompt_cache_key == hash_of(root.find("prompt_cache_key")));
  if (const auto named = hash_of(root.find("safety_identifier"))) require(session.user == named);
  std::string stripped;
  for (const std::string_view part : parts_without_sealed_items(body)) stripped += part;
  require(stripped.empty() || penstock::JsonDocument::read(stripped).has_value());
  const auto previous = root.find("previous_response_id");
  if (previous && !previous->text().empty()) {
    require(!session.stored.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_request(text);
  require(ids_of_answer(text).size() <= kPinnedIdsMax);
  return 0;
}
