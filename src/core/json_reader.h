#pragma once

// The one reader of JSON that is taken apart: registrations, model lists, provider data, the
// bodies of errors. What passes through the gateway untouched is not read here (wire/json_walk.h).
//
// It reads RFC 8259 strictly and within bounds. A peer decides about depth, width and length of
// what it sends, so nothing here recurses: a document is a flat list of values over the text that
// it was read from, in the order of the text. Time and memory are linear in the text, and a bound
// that is passed ends the reading at that place. Refused besides what the grammar refuses: text
// that is not UTF-8, escapes that stand for half of a surrogate pair, and an object that names a
// key twice (readers differ in which one counts).
//
// Values keep the bytes that came: a number or a nested value is handed on as it was spelled.

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
  // Of server.limits, where one of those bounds was passed.
  std::optional<Limit> limit() const;
  // The same as an error of the request that held the text; `what` names the text: "the body".
  Error of_request(std::string_view what) const;
};

class JsonDocument;

// One value of a document, which it must not outlive. Cheap to copy.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  bool is_string() const { return kind() == Kind::kString; }
  bool is_array() const { return kind() == Kind::kArray; }
  bool is_object() const { return kind() == Kind::kObject; }

  // The value as it was spelled, without space around it.
  std::string_view raw() const;
  // What a string stands for; empty for other kinds.
  std::string text() const;
  // Whether it is the string that stands for `expected`.
  bool is_text(std::string_view expected) const;
  // An object's member of that name.
  std::optional<JsonValue> find(std::string_view key) const;

  class Iterator;
  struct Members;
  // Of an array its items, of an object its members; empty for other kinds.
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
  std::optional<JsonValue> key;  // a string; nothing for an item
  JsonValue value;

  // `"a":1.10`, both as they were spelled; an item's value alone.
  std::string raw() const;
};

// `object` as it came, without its members of these names.
std::string without_members(const JsonValue& object, std::span<const std::string_view> names);

class JsonDocument {
 public:
  // `text` must outlive the document and is less than 4 GiB.
  static std::expected<JsonDocument, JsonError> read(std::string_view text,
                                                     const JsonBounds& bounds = {});

  JsonValue root() const { return JsonValue(*this, 0); }

 private:
  friend class JsonValue;
  friend class JsonParser;

  struct Node {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t after = 0;  // the index of the first node that is not within this one
    JsonValue::Kind kind = JsonValue::Kind::kNull;
    bool escaped = false;  // a string with a backslash
  };

  JsonDocument() = default;

  std::string_view text_;
  std::vector<Node> nodes_;  // an object's keys stand before their values
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
