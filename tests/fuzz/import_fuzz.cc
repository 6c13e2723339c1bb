// Arbitrary bytes as another gateway's file: there is a result, or an error that says why not.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "config/load.h"
#include "imports/import.h"
#include "require.h"

namespace {

using penstock::config::Problem;
using penstock::fuzz::require;
using penstock::imports::Imported;
using penstock::imports::Source;

bool is_error(const Problem& problem) {
  return problem.severity == Problem::Severity::kError;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Source source : {Source::kLiteLlm, Source::kLlamaSwap, Source::kEnvoy}) {
    const Imported imported = penstock::imports::import_text(source, text, "f");
    require(imported.text.empty() == std::ranges::any_of(imported.remarks, is_error));
  }
  return 0;
}
