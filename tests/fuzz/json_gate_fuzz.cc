// The request gate against a second JSON library: what the gate accepts and the other can read
// must have one `model`, the same, at the place that the gate names; and what the other can read
// and finds a usable model in, the gate must accept.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"
#include "wire/request_fields.h"

namespace {

using penstock::Result;
using penstock::wire::RequestFields;
using penstock::wire::RequestReader;
using Json = nlohmann::json;

void require(bool holds) {
  if (!holds) std::abort();
}

// Out of memory that ends with the body, so that the sanitizers see a step too far.
Result<RequestFields> read(std::string_view body) {
  static RequestReader reader;
  const std::vector<char> exact(body.begin(), body.end());
  return reader.read({exact.data(), exact.size()});
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Whether the top-level keys of a body that the other library can read are all different.
bool keys_differ(const std::string& body) {
  std::set<std::string> keys;
  bool differ = true;
  const Json::parser_callback_t note_key = [&](int depth, Json::parse_event_t event, Json& key) {
    if (depth == 1 && event == Json::parse_event_t::key) {
      differ = keys.insert(key.get<std::string>()).second && differ;
    }
    return true;
  };
  const Json json = Json::parse(body, note_key, false);
  return differ && !json.is_discarded();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto fields = read(body);
  const Json json = Json::parse(body, nullptr, false);
  const bool usable =
      json.is_object() && json.contains("model") && json["model"].is_string() && keys_differ(body);
  if (!fields) {
    const bool model_is_sound = usable && !json["model"].get_ref<const std::string&>().empty() &&
                                !has_control_character(json["model"].get_ref<const std::string&>());
    // The other library passes over a byte order mark, and ends at a zero byte.
    require(!model_is_sound || body.starts_with("\xEF\xBB\xBF") || body.contains('\0'));
    require(penstock::is_valid_utf8(penstock::json_quoted(fields.error().message)));
    return 0;
  }
  require(!fields->model.empty() && fields->model_begin < fields->model_end &&
          fields->model_end <= body.size());
  const std::string spelled =
      body.substr(fields->model_begin, fields->model_end - fields->model_begin);
  const Json value = Json::parse(spelled, nullptr, false);
  require(value.is_string() && value.get<std::string>() == fields->model);
  if (json.is_discarded()) return 0;
  require(usable && json["model"] == value);
  const auto stream = json.find("stream");
  require(fields->stream == (stream != json.end() && *stream == true));
  return 0;
}
