// The reader of an upstream's error event: its data are what the event stream's rules say, however
// its lines end, and its status is an error's, the one that another reader finds where one is
// stated.

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/json_reader.h"
#include "require.h"
#include "wire/apis/error_event.h"

namespace {

using penstock::fuzz::require;

constexpr int kUnknown = 502;

// WHATWG HTML section 9.2.6, line by line, for the one field.
std::string data_by_the_rules(std::string_view event) {
  std::string data;
  std::string line;
  const auto end_line = [&] {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && line.substr(0, colon) == "data") {
      const bool has_space = line.size() > colon + 1 && line[colon + 1] == ' ';
      data += line.substr(colon + (has_space ? 2 : 1)) + '\n';
    } else if (line == "data") {
      data += '\n';
    }
    line.clear();
  };
  for (std::size_t i = 0; i < event.size(); ++i) {
    if (event[i] != '\r' && event[i] != '\n') {
      line += event[i];
      continue;
    }
    end_line();
    if (event.substr(i, 2) == "\r\n") ++i;
  }
  end_line();
  if (!data.empty()) data.pop_back();
  return data;
}

// The status that a value states, by another reader.
std::optional<int> stated_status(const nlohmann::json& value) {
  std::string digits = value.is_string() ? value.get<std::string>() : std::string();
  if (value.is_number_unsigned()) digits = std::to_string(value.get<std::uint64_t>());
  if (digits.size() != 3 || digits.find_first_not_of("0123456789") != std::string::npos) return {};
  const int status = std::stoi(digits);
  if (status < 400 || status > 599) return {};
  return status;
}

std::optional<int> stated_in(const nlohmann::json& object) {
  for (const char* const key : {"code", "status", "status_code"}) {
    const auto found = object.find(key);
    if (found == object.end()) continue;
    if (const auto status = stated_status(*found)) return status;
  }
  return {};
}

void check_status(std::string_view text) {
  const int status = penstock::wire::status_of_error(text);
  require(status >= 400 && status <= 599);
  // A text that is not read, among others one too deep for the other reader.
  if (!penstock::JsonDocument::read(text)) return require(status == kUnknown);
  const auto whole = nlohmann::json::parse(text, nullptr, false);
  // The other reader refuses numbers that are out of range.
  if (whole.is_discarded()) return;
  if (!whole.is_object()) return require(status == kUnknown);
  // An escape in what is compared as it is written.
  if (text.contains('\\')) return;
  const auto error = whole.find("error");
  const auto response = whole.find("response");
  std::optional<int> stated;
  if (error != whole.end()) {
    if (error->is_object()) stated = stated_in(*error);
  } else if (response != whole.end() && response->is_object() && response->contains("error") &&
             response->at("error").is_object()) {
    stated = stated_in(response->at("error"));
  }
  if (!stated) stated = stated_in(whole);
  if (stated) require(status == *stated);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view event(reinterpret_cast<const char*>(data), size);
  require(penstock::wire::event_data(event) == data_by_the_rules(event));
  check_status(event);
  check_status(penstock::wire::event_data(event));
  return 0;
}
