#pragma once

// Writes JSON of our own, member by member, into a string that the caller owns.
//
//   JsonWriter(out).begin_object().member("id", name).raw_member("metadata", json).end_object();
//
// Commas are set where they belong, by what stands before; `out` is empty at the start, or ends
// where a value may begin. Texts are escaped, and what in them is not UTF-8 becomes U+FFFD; raw
// JSON is taken as it is, and is sound because json_reader.h has read it or this class written it.
// That containers are closed in their order is for the caller to see to.

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
  // The members of an object, as they stand between its braces; they may be none.
  JsonWriter& raw_members(std::string_view members);

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  // A value or a key comes next.
  void separate();

  std::string& out_;
};

}  // namespace penstock
