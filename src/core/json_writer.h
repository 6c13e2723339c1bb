#pragma once

// JsonWriter: writes JSON member by member into a string that the caller owns.
//
//   JsonWriter(out).begin_object().member("id", name).raw_member("metadata", json).end_object();
//
// Commas are added automatically, depending on the preceding byte; `out` is empty at the start, or
// ends where a value may begin. Text is escaped, and bytes that are not UTF-8 become U+FFFD. Raw
// JSON is copied unchanged, and must have been read by json_reader.h or written by this class. The
// caller must close containers in order.

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value);
  JsonWriter& raw(std::string_view json);

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  JsonWriter& number_member(std::string_view name, std::int64_t value) {
    return key(name).number(value);
  }
  JsonWriter& raw_member(std::string_view name, std::string_view json) {
    return key(name).raw(json);
  }
  // The members of an object, as they are between its braces; may be empty.
  JsonWriter& raw_members(std::string_view members);

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  // Before a value or a key.
  void separate();

  std::string& out_;
};

}  // namespace penstock
