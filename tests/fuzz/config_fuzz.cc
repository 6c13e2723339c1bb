// Arbitrary bytes as a configuration: loading reports problems, or returns settings that describe()
// prints as a configuration of the same meaning.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.h"
#include "core/secret.h"
#include "require.h"

namespace {

using penstock::Secret;
using penstock::config::describe;
using penstock::config::Environment;
using penstock::config::load_text;
using penstock::config::Loaded;
using penstock::config::Problem;
using penstock::fuzz::require;

std::optional<std::string> variable(std::string_view name) {
  if (name == "A") return "value";
  if (name == "N") return "8321";
  if (name == "U") return "http://127.0.0.1:8000/v1";
  if (name == "E") return "";
  return std::nullopt;
}

// Replaces each mask by a different key, as a mask is refused as a key.
std::string with_keys(std::string text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(Secret::kMask, at)) != std::string::npos;) {
    text.replace(at, Secret::kMask.size(), "unmasked-key-" + std::to_string(count++));
  }
  return text;
}

bool has_error(const Loaded& loaded) {
  for (const Problem& problem : loaded.problems) {
    require(problem.line >= 1 && problem.column >= 1 && !problem.message.empty());
    if (problem.severity == Problem::Severity::kError) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Environment environment = variable;
  const Loaded loaded = load_text({reinterpret_cast<const char*>(data), size}, "f", environment);
  require(loaded.settings.has_value() != has_error(loaded));
  if (!loaded.settings) return 0;

  const std::string description = describe(*loaded.settings);
  // Values that contain references or masks would be read as such.
  const bool is_literal = description.find("${env.") == std::string::npos &&
                          description.find("*********") == std::string::npos;
  if (!is_literal) return 0;
  const Loaded again = load_text(with_keys(description), "f", environment);
  require(again.settings.has_value());
  if (description.find(Secret::kMask) == std::string::npos) {
    require(describe(*again.settings) == description);
  }
  return 0;
}
