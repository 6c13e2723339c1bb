#pragma once

// The reader of JSON that is needed as a tree: registrations, model lists, provider data, error
// bodies. JSON that is only passed on is not read here (wire/json/walk.h).
//
// It reads RFC 8259 strictly and within bounds. Peers choose the depth, width and length of what
// they send, so nothing here recurses: a document is a flat list of values over the text that it
// was read from, in the order of the text. Time and memory are linear in the text, and reading
// stops at the first bound that is exceeded. Beyond the grammar, it refuses text that is not UTF-8,
// escapes that are half of a surrogate pair, and objects with a repeated key (readers differ in
// which one counts).
//
// Values keep their original bytes: a number or a nested value is passed on as it was written.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace penstock {

struct JsonBounds {
  std::size_t depth = 64;       // nested objects and arrays
  std::size_t values = 10'000;  // values and keys of the whole text
};

// Why a text was not read, and where: an offset in bytes.
struct JsonError {
  enum class Kind : std::uint8_t { kMalformed, kTooDeep, kTooManyValues, kDuplicateKey };
  Kind kind = Kind::kMalformed;
  std::size_t position = 0;

  // "malformed JSON at byte 17"
  std::string message() const;
  // The limit of server.limits that was exceeded, if any.
  std::optional<Limit> limit() const;
  // The same as an Error of the request that contains the text; `what` names the text: "the body".
  Error of_request(std::string_view what) const;
};

class JsonDocument;

// One value of a document. Must not outlive the document. Cheap to copy.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // The value as it was written, without surrounding white space.
  std::string_view raw() const;
  // The unescaped contents of a string; empty for other kinds.
  std::string text() const;
  // Whether it is a string with the contents `expected`.
  bool is_text(std::string_view expected) const;
  // The member of that name, if this is an object.
  std::optional<JsonValue> find(std::string_view key) const;

  class Iterator;
  struct Members;
  // The items of an array, or the members of an object; empty for other kinds.
  Members members() const;

 private:
  friend class JsonDocument;
  friend class JsonParser;
  JsonValue(const JsonDocument& document, std::size_t index)
      : document_(&document), index_(index) {}

  const JsonDocument* document_;
  std::size_t index_;
};

// An item of an array, or a member of an object with its key.
struct JsonMember {
  std::optional<JsonValue> key;  // a string; empty for an item
  JsonValue value;

  // `"a":1.10`, both as they were written; for an item, the value alone.
  std::string raw() const;
};

// `object` as it was written, without the members of these names.
std::string without_members(const JsonValue& object, std::span<const std::string_view> names);

class JsonDocument {
 public:
  // `text` must outlive the document, and be shorter than 4 GiB.
  static std::expected<JsonDocument, JsonError> read(std::string_view text,
                                                     const JsonBounds& bounds = {});

  JsonValue root() const { return JsonValue(*this, 0); }

 private:
  friend class JsonValue;
  friend class JsonParser;

  struct Node {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t after = 0;  // the index of the first node after this one's descendants
    JsonValue::Kind kind = JsonValue::Kind::kNull;
    bool escaped = false;  // a string that contains a backslash
  };

  JsonDocument() = default;

  std::string_view text_;
  std::vector<Node> nodes_;  // an object's keys precede their values
};

class JsonValue::Iterator {
 public:
  JsonMember operator*() const;
  Iterator& operator++();
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  friend class JsonValue;
  Iterator(const JsonDocument& document, std::size_t index, bool keyed)
      : document_(&document), index_(index), keyed_(keyed) {}
  std::size_t value_index() const { return keyed_ ? index_ + 1 : index_; }

  const JsonDocument* document_;
  std::size_t index_;
  bool keyed_;
};

struct JsonValue::Members {
  Iterator first;
  Iterator last;
  Iterator begin() const { return first; }
  Iterator end() const { return last; }
};

}  // namespace penstock
