#include "sim/media_routes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/clock.h"
#include "sim/planning.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kImagesMax = 10;
constexpr std::uint64_t kPartialImagesMax = 3;
constexpr std::size_t kSoundPieceBytes = 1024;

// RFC 2083: one black pixel.
constexpr std::array<unsigned char, 67> kPng = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00,
    0x00, 0x3A, 0x7E, 0x9B, 0x55, 0x00, 0x00, 0x00, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78,
    0xDA, 0x63, 0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0xE5, 0x27, 0xDE, 0xFC, 0x00,
    0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

std::string base64_of(const std::string& bytes) {
  std::string text;
  append_base64_of(text, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return text;
}

std::string noise(std::uint64_t seed, std::size_t bytes) {
  SeededRandom random(seed);
  std::string noise(bytes, '\0');
  for (char& c : noise) c = static_cast<char>(random.next() & 0xFF);
  return noise;
}

std::string image_of(const Call& call, std::uint64_t number) {
  const std::size_t bytes = std::max<std::size_t>(call.behaviour.media_bytes, kPng.size());
  std::string image(kPng.begin(), kPng.end());
  image += noise(call.behaviour.seed + number, bytes - kPng.size());
  return base64_of(image);
}

Json image_usage(const Call& call, std::uint64_t images) {
  const std::size_t input = tokens_of(text_member(call.body, "prompt"));
  const std::uint64_t output = images * call.behaviour.tokens;
  return {{"input_tokens", input},
          {"input_tokens_details", {{"text_tokens", input}, {"image_tokens", 0}}},
          {"output_tokens", output},
          {"total_tokens", input + output}};
}

// A member of the request, or what it is without.
std::string chosen(const Json& body, std::string_view name, std::string_view otherwise,
                   std::string_view automatic = "auto") {
  std::string value = text_member(body, name);
  return value.empty() || value == automatic ? std::string(otherwise) : value;
}

Json image_settings(const Json& body) {
  return {{"background", chosen(body, "background", "opaque")},
          {"output_format", chosen(body, "output_format", "png")},
          {"quality", chosen(body, "quality", "medium")},
          {"size", chosen(body, "size", "1024x1024")}};
}

Made image_events(const Call& call) {
  const std::uint64_t partial =
      std::min(count_member(call.body, "partial_images").value_or(0), kPartialImagesMax);
  EventScript script;
  for (std::uint64_t i = 0; i <= partial; ++i) {
    const bool last = i == partial;
    if (last && !call.behaviour.finish) break;
    const std::string type = last ? "image_generation.completed" : "image_generation.partial_image";
    Json event{{"type", type}, {"b64_json", image_of(call, i)}, {"created_at", kCreatedSeconds}};
    event.update(image_settings(call.body));
    if (last) {
      event["usage"] = image_usage(call, 1);
    } else {
      event["partial_image_index"] = i;
    }
    script.add_run(type, Wording::raw({text_of(event)}), {});
  }
  return made_of_events(std::move(script));
}

std::string_view sound_type(const std::string& format) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTypes{{
      {"mp3", "audio/mpeg"},
      {"opus", "audio/ogg"},
      {"aac", "audio/aac"},
      {"flac", "audio/flac"},
      {"wav", "audio/wav"},
      {"pcm", "audio/pcm"},
  }};
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&format](const auto& type) { return type.first == format; });
  return found == kTypes.end() ? std::string_view() : found->second;
}

std::vector<std::string> sound_of(const Call& call, const std::string& text) {
  const std::string sound = noise(hash_of(text, call.behaviour.seed), call.behaviour.media_bytes);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < sound.size(); at += kSoundPieceBytes) {
    pieces.push_back(sound.substr(at, kSoundPieceBytes));
  }
  return pieces;
}

Made sound_events(const Call& call, std::vector<std::string> pieces, const std::string& text) {
  for (std::string& piece : pieces) piece = base64_of(piece);
  const std::size_t input = tokens_of(text);
  const std::size_t output = pieces.size();
  EventScript script;
  script.add_run({}, Wording::raw(std::move(pieces)),
                 {.before = R"({"type":"speech.audio.delta","audio":")", .after = "\"}"});
  if (call.behaviour.finish) {
    script.add({}, text_of({{"type", "speech.audio.done"},
                            {"usage",
                             {{"input_tokens", input},
                              {"output_tokens", output},
                              {"total_tokens", input + output}}}}));
  }
  return made_of_events(std::move(script));
}

}  // namespace

Result<Made> generate_images(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  if (text_member(call.body, "prompt").empty()) {
    return invalid_request("Missing required parameter: 'prompt'.");
  }
  if (flag_member(call.body, "stream")) return image_events(call);
  const std::uint64_t images =
      std::clamp<std::uint64_t>(count_member(call.body, "n").value_or(1), 1, kImagesMax);
  Json data = Json::array();
  for (std::uint64_t i = 0; i < images; ++i) data.push_back({{"b64_json", image_of(call, i)}});
  Json answer{{"created", kCreatedSeconds}, {"data", std::move(data)}};
  answer.update(image_settings(call.body));
  answer["usage"] = image_usage(call, images);
  return Made{.body = text_of(answer), .tokens = images * call.behaviour.tokens};
}

Result<Made> speak(const Call& call) {
  const Result<const Model*> model = call.model();
  if (!model) return failure(model.error());
  const std::string text = text_member(call.body, "input");
  if (text.empty()) return invalid_request("Missing required parameter: 'input'.");
  std::vector<std::string> pieces = sound_of(call, text);
  if (text_member(call.body, "stream_format") == "sse") {
    return sound_events(call, std::move(pieces), text);
  }
  const std::string_view type = sound_type(chosen(call.body, "response_format", "mp3"));
  if (type.empty()) return invalid_request("The value of 'response_format' is not valid.");
  EventScript script(Dialect::kOpenAi, EventScript::Form::kBytes);
  script.add_run({}, Wording::raw(std::move(pieces)), {});
  return Made{.content_type = type, .events = std::move(script)};
}

}  // namespace penstock::sim
