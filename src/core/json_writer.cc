#include "core/json_writer.h"

#include "core/text.h"

namespace penstock {

void JsonWriter::separate() {
  if (out_.empty()) return;
  const char before = out_.back();
  if (before != '{' && before != '[' && before != ':' && before != ',') out_.push_back(',');
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_.push_back(':');
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_json_quoted(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
  return raw(std::to_string(value));
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

JsonWriter& JsonWriter::raw_members(std::string_view members) {
  return members.find_first_not_of(" \t\r\n") == members.npos ? *this : raw(members);
}

}  // namespace penstock
