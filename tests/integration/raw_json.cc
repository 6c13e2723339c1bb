#include "integration/raw_json.h"

#include <cctype>

namespace penstock::testing {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_number(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '.' ||
         c == 'e' || c == 'E';
}

std::size_t skip_space(std::string_view json, std::size_t at) {
  while (at < json.size() && is_space(json[at])) ++at;
  return at;
}

// After the string whose quote is at `at`.
std::size_t skip_string(std::string_view json, std::size_t at) {
  for (++at; json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

// After the value that begins at `at`.
std::size_t skip_value(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  for (;;) {
    const char c = json[at];
    if (c == '"') {
      at = skip_string(json, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      --depth;
      ++at;
    } else if (depth == 0) {
      while (at < json.size() && !is_space(json[at]) && json[at] != ',' && json[at] != '}' &&
             json[at] != ']') {
        ++at;
      }
    } else {
      ++at;
    }
    if (depth == 0) return at;
  }
}

}  // namespace

std::string_view raw_member(std::string_view object, std::string_view key) {
  std::size_t at = skip_space(object, 0) + 1;
  for (;;) {
    at = skip_space(object, at);
    if (at >= object.size() || object[at] != '"') return {};
    const std::size_t key_end = skip_string(object, at);
    const std::string_view name = object.substr(at + 1, key_end - at - 2);
    const std::size_t value = skip_space(object, skip_space(object, key_end) + 1);
    const std::size_t end = skip_value(object, value);
    if (name == key) return object.substr(value, end - value);
    at = skip_space(object, end) + 1;
  }
}

std::vector<std::string_view> raw_items(std::string_view array) {
  std::vector<std::string_view> items;
  std::size_t at = skip_space(array, 0) + 1;
  for (;;) {
    at = skip_space(array, at);
    if (at >= array.size() || array[at] == ']') return items;
    const std::size_t end = skip_value(array, at);
    items.push_back(array.substr(at, end - at));
    at = skip_space(array, end) + 1;
  }
}

std::string with_string_member(std::string_view object, std::string_view key,
                               std::string_view new_text) {
  const std::string_view old = raw_member(object, key);
  std::string result(object);
  if (!old.empty() && old.front() == '"') {
    result.replace(static_cast<std::size_t>(old.data() - object.data()), old.size(), new_text);
  }
  return result;
}

std::string respelled(std::string_view json) {
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    std::size_t end = at + 1;
    if (c == '"') {
      end = skip_string(json, at);
      out += json.substr(at, end - at);
    } else if (c == ':' || c == ',') {
      out += ' ';
      out += c;
      out += "  ";
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-') {
      while (end < json.size() && is_number(json[end])) ++end;
      const std::string_view number = json.substr(at, end - at);
      out += number;
      if (number.find_first_of(".eE") == std::string_view::npos) out += ".000E+0";
    } else {
      out += c;
    }
    at = end;
  }
  return out;
}

}  // namespace penstock::testing
