#pragma once

// JSON of clients as the tree that decoders of the configuration read, so that both have one form.
//
// No byte of it passes the parser of YAML, and nothing in it is substituted: `${env.…}` and
// `${file:…}` are text. Problems name the key: `budget.period: …`.

#include <span>

#include "config/decoder.h"
#include "config/key_table.h"
#include "core/json_reader.h"
#include "core/result.h"

namespace penstock::config {

// As deep as the document, whose bounds the caller chooses (JsonBounds).
Node node_of(const JsonValue& value);

// All errors in one message, kInvalidRequest; success if there is none.
Status status_of(Problems& problems);

// Decodes the members of an object by the table. `out` keeps what they do not say; its value is of
// no use after a failure.
template <class T>
Status decode_json(const JsonValue& object, std::span<const Key<T>> keys, T& out) {
  Problems problems("");
  const Environment no_environment = [](std::string_view) { return std::nullopt; };
  Decoder decoder(problems, no_environment);
  decode_section<T>(decoder, node_of(object), keys, out);
  return status_of(problems);
}

}  // namespace penstock::config
