// The check of request bodies against a second JSON library: a body that both accept must have the
// same single `model`, at the position that the check reports; and a body that the library can
// read, with a usable model, must be accepted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.h"
#include "require.h"
#include "wire/bodies/body_edits.h"
#include "wire/bodies/request_fields.h"

namespace {

using penstock::Result;
using penstock::wire::ModelIn;
using penstock::wire::ModelIs;
using penstock::wire::ModelPlace;
using penstock::wire::read_request;
using penstock::wire::RequestFields;
using penstock::wire::RequestReader;
using penstock::wire::RequestShape;
using Json = nlohmann::json;
using penstock::fuzz::require;

struct Read : RequestFields {
  std::string model;
};

// From memory that ends with the body, so that the sanitizers detect a step too far; in slices too,
// with the same result.
Result<Read> read(std::string_view body) {
  const std::vector<char> exact(body.begin(), body.end());
  RequestReader reader({exact.data(), exact.size()}, {});
  Result<RequestFields> fields = read_request(reader);
  RequestReader sliced({exact.data(), exact.size()}, {});
  std::optional<Result<RequestFields>> again;
  while (!again) again = sliced.proceed(1);
  require(again->has_value() == fields.has_value() && sliced.model() == reader.model());
  if (!fields) return penstock::failure(std::move(fields.error()));
  return Read{*fields, std::string(reader.model())};
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_longer_than_a_limit(const Json& json) {
  return json.size() > 1024 || json["model"].get_ref<const std::string&>().size() > 1024;
}

// Whether a body that the other library can read is within the permitted depth, and its top-level
// keys are all different and none is refused.
bool keys_are_sound(const std::string& body) {
  std::set<std::string> keys;
  bool sound = true;
  const Json::parser_callback_t note_key = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth >= 63) sound = false;
    if (depth != 1 || event != Json::parse_event_t::key) return true;
    const std::string key = value.get<std::string>();
    const bool variant = (penstock::equals_ignoring_case(key, "model") && key != "model") ||
                         (penstock::equals_ignoring_case(key, "stream") && key != "stream") ||
                         key.starts_with("\u017F");
    if (variant || key.contains('\0') || key.size() > 1024) sound = false;
    sound = keys.insert(key).second && sound;
    return true;
  };
  const Json json = Json::parse(body, note_key, false);
  return sound && !json.is_discarded();
}

// The body with another name at each place that names a model, and nothing else changed: read
// again, it has the same places, and that name alone.
void check_edits(const std::string& body, const RequestFields& fields, RequestShape shape) {
  constexpr std::string_view kName = "\"new name\"";
  penstock::wire::BodyEdits edits;
  for (const ModelPlace& place : fields.places()) edits.replace(place.begin, place.end, kName);
  std::string edited;
  edits.for_each_piece(body, [&](std::string_view piece) { edited.append(piece); });
  require(edited.size() == edits.bytes_of(body));
  RequestReader reader(edited, {}, shape);
  const Result<RequestFields> again = read_request(reader);
  require(again && again->places().size() == fields.places().size() && again->more_names.empty());
  require(fields.places().empty() || reader.model() == "new name");
}

// The places of a session's models are those that the other library finds.
void check_session(const std::string& body) {
  const RequestShape shape{.model_in = ModelIn::kSession, .model_is = ModelIs::kOptional};
  RequestReader reader(body, {}, shape);
  const Result<RequestFields> fields = read_request(reader);
  if (!fields) return;
  check_edits(body, *fields, shape);
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return;
  const bool has_session = json.contains("session") && json["session"].is_object();
  for (const Json& object : {json, has_session ? json["session"] : Json::object()}) {
    if (!object.contains("model") || object["model"].is_null()) continue;
    const std::string name = object["model"].get<std::string>();
    require(name == reader.model() || std::ranges::count(fields->more_names, name) == 1);
  }
}

// The places of a batch's models are those that the other library finds.
void check_batch(const std::string& body) {
  const RequestShape shape{.model_in = ModelIn::kRequests, .model_is = ModelIs::kOptional};
  RequestReader reader(body, {}, shape);
  const Result<RequestFields> fields = read_request(reader);
  if (!fields) return;
  check_edits(body, *fields, shape);
  std::multiset<std::string> named;
  for (const ModelPlace& place : fields->places()) {
    const Json value = Json::parse(body.substr(place.begin, place.end - place.begin));
    const std::string name =
        place.name == 0 ? std::string(reader.model()) : fields->more_names.at(place.name - 1);
    require(value == name);
    named.insert(name);
  }
  // It keeps the last of several members of one name, and ends at a zero byte.
  const Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded() || !json.contains("requests") || !json["requests"].is_array()) return;
  for (const Json& request : json["requests"]) {
    if (!request.is_object() || !request.contains("params")) continue;
    const Json& params = request["params"];
    if (!params.is_object() || !params.contains("model") || params["model"].is_null()) continue;
    require(named.contains(params["model"].get<std::string>()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  check_batch(body);
  check_session(body);
  const auto fields = read(body);
  const Json json = Json::parse(body, nullptr, false);
  const bool usable = json.is_object() && json.contains("model") && json["model"].is_string() &&
                      keys_are_sound(body);
  if (!fields) {
    const bool model_is_sound =
        usable && !json["model"].get_ref<const std::string&>().empty() &&
        !has_control_character(json["model"].get_ref<const std::string&>()) &&
        !is_longer_than_a_limit(json) && body.size() <= 4096;
    // Longer bodies may have a number over the limit. The other library skips a byte order mark,
    // and ends at a zero byte.
    require(!model_is_sound || body.starts_with("\xEF\xBB\xBF") || body.contains('\0'));
    require(penstock::is_valid_utf8(penstock::json_quoted(fields.error().message)));
    return 0;
  }
  const penstock::wire::ModelPlace& place = fields->first_place;
  require(!fields->model.empty() && place.begin < place.end && place.end <= body.size());
  const std::string spelled = body.substr(place.begin, place.end - place.begin);
  const Json value = Json::parse(spelled, nullptr, false);
  require(value.is_string() && value.get<std::string>() == fields->model);
  if (json.is_discarded()) return 0;
  require(json.is_object() && json["model"] == value);
  const auto stream = json.find("stream");
  require(fields->stream == (stream != json.end() && *stream == true));
  return 0;
}
