// The bounded JSON reader against another one: both accept the same texts, except those that repeat
// a key, and find the same values in them.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_reader.h"
#include "require.h"

namespace {

using penstock::JsonDocument;
using penstock::JsonMember;
using penstock::JsonValue;
using penstock::fuzz::require;

// Deep enough for the corpus, and safe for the other reader, which recurses.
constexpr penstock::JsonBounds kBounds{.depth = 512, .values = 200'000};

std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
  }
  return deepest;
}

void compare(const JsonValue& ours, const nlohmann::ordered_json& theirs) {
  require(ours.is_object() == theirs.is_object() && ours.is_array() == theirs.is_array());
  require(ours.is_string() == theirs.is_string() && ours.is_null() == theirs.is_null());
  if (ours.is_string()) require(ours.text() == theirs.get_ref<const std::string&>());
  auto other = theirs.begin();
  for (const JsonMember member : ours.members()) {
    require(other != theirs.end());
    if (member.key) require(member.key->text() == other.key());
    compare(member.value, *other);
    ++other;
  }
  if (ours.is_object() || ours.is_array()) require(other == theirs.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = JsonDocument::read(text, kBounds);
  if (!document) require(document.error().position <= size && !document.error().message().empty());
  // The other reader has no limit on depth, so it gets only shallow texts.
  if (depth_of(text) > kBounds.depth) return 0;
  // It takes a zero byte for the end of the text.
  if (text.find('\0') != std::string::npos) return 0;
  const auto theirs = nlohmann::ordered_json::parse(text, nullptr, false);
  if (document) {
    if (theirs.is_discarded()) {
      // It refuses numbers that a double cannot hold.
      require(text.find_first_of("eE") != std::string::npos || size > 300);
      return 0;
    }
    compare(document->root(), theirs);
    const auto again = JsonDocument::read(document->root().raw(), kBounds);
    require(again.has_value());
  } else if (document.error().kind == penstock::JsonError::Kind::kMalformed) {
    require(theirs.is_discarded() || text.starts_with("\xEF\xBB\xBF"));
  }
  return 0;
}
