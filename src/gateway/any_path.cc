#include "gateway/any_path.h"

#include <string>

#include "core/text.h"

namespace penstock::gateway {
namespace {

// Whether decoding `path` once more would change how it is split into segments.
bool has_hidden_separator(std::string_view path) {
  for (std::size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1)) {
    std::string_view code = path.substr(at + 1);
    // `%252f` is `%2f` after one decoding, and so on.
    while (code.starts_with("25")) code.remove_prefix(2);
    const std::string_view hex = code.substr(0, 2);
    const auto is = [&](std::string_view other) { return equals_ignoring_case(hex, other); };
    if (is("2f") || is("5c") || is("2e") || is("00")) return true;
  }
  return false;
}

}  // namespace

Status check_any_path(std::string_view path, const config::Provider& provider) {
  if (!provider.any_path) {
    return failure(
        Error::client(ErrorKind::kNotFound, "no such route; provider '" + provider.id +
                                                "' passes other paths only with any_path: true"));
  }
  const bool has_parameters = path.find(';') != path.npos;
  const bool has_empty_segment = path.find("//") != path.npos;
  if (has_parameters || has_empty_segment || has_hidden_separator(path)) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "the path cannot be passed on: it has an encoded separator or "
                                 "dot, an empty segment, or a semicolon"));
  }
  return {};
}

}  // namespace penstock::gateway
