#pragma once

// Message heads of HTTP/1.1 (RFC 9112) as views into the buffer that they were parsed from.
//
// A head owns its list of fields but none of their text: it is valid while the buffer is neither
// moved nor overwritten. Heads are reused for the next message, so that the list keeps its memory.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "http/field_name.h"

namespace penstock::http {

struct Field {
  std::string_view name;   // as it was written
  std::string_view value;  // without optional white space at its ends
  FieldName known_name = FieldName::kOther;
};

// What marks the end of a message's body (RFC 9112 section 6.3).
struct Framing {
  enum class Kind : std::uint8_t { kNone, kLength, kChunked, kUntilClose };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  // of kLength
};

enum class Version : std::uint8_t { kHttp10, kHttp11 };

enum class Direction : std::uint8_t { kRequest, kResponse };

class Fields {
 public:
  void clear() {
    fields_.clear();
    known_names_ = {};
  }
  const Field& add(std::string_view name, std::string_view value) {
    const FieldName known_name = field_name_of(name);
    known_names_.insert(known_name);
    return fields_.emplace_back(name, value, known_name);
  }

  bool has(FieldName name) const { return known_names_.contains(name); }
  // The first field of that name, which must not be kOther.
  std::optional<std::string_view> find(FieldName name) const;
  // The first field of that name, ignoring case.
  std::optional<std::string_view> find(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
  FieldNames known_names_;
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  // origin-form, as it was sent
  Version version = Version::kHttp11;
  Fields fields;
  Framing framing;
  bool keep_alive = true;         // what the version and Connection ask for
  bool expects_continue = false;  // Expect: 100-continue
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  Version version = Version::kHttp11;
  Fields fields;
  Framing framing;
  bool keep_alive = true;
};

}  // namespace penstock::http
