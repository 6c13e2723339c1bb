// What an upstream's failure says: fields of a head, one a line, an empty line, and a body. Its
// class and its cooldown are sound whatever the bytes.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "require.h"
#include "routing/cooldown_hint.h"
#include "routing/failure.h"
#include "routing/said_error.h"
#include "routing/time_text.h"

namespace {

using namespace penstock::routing;
using penstock::fuzz::require;

constexpr penstock::WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 30);

using Fields = std::map<std::string_view, std::string_view>;

// Takes the fields from the front.
Fields take_fields(std::string_view& text) {
  Fields fields;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return fields;
}

void check_hints(const Fields& fields, std::string_view body) {
  const FieldOf field = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = fields.find(name);
    return found == fields.end() ? std::nullopt : std::optional(found->second);
  };
  for (const auto hint : {cooldown_hint(field, body, kNow), nothing_remains(field, kNow)}) {
    require(!hint || (hint->count() >= 0 && *hint <= kLongest));
  }
}

void check_class(std::string_view body) {
  penstock::config::RetryRules rules;
  rules.never_on_statuses = {418};
  for (const int status : {200, 301, 400, 401, 403, 404, 413, 418, 422, 429, 498, 500, 503}) {
    const FailureClass failure = classify({.status = status, .text = body}, rules);
    require(failure != FailureClass::kGone && failure != FailureClass::kUnsent);
    const FailureClass of_caller =
        classify({.status = status, .text = body, .operators_key = false}, rules);
    require(of_caller != FailureClass::kCredential && of_caller != FailureClass::kQuota);
    require(of_caller == failure || of_caller == FailureClass::kCaller);
    require(status != 418 || failure == FailureClass::kCaller);
  }
  const SaidError said = read_error(body);
  require(said.codes.size() <= SaidError::kWordsMax);
  require(said.messages.size() <= SaidError::kWordsMax);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const Fields fields = take_fields(text);
  check_hints(fields, text);
  check_class(text);
  return 0;
}
