#include "sim/request.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include <simdjson.h>

#include "sim/planning.h"
#include "sim/refusals.h"
#include "wire/bodies/request_fields.h"

namespace penstock::sim {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(RequestDecoder::kPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::string_view kJsonSpace = " \t\r\n";
constexpr std::size_t kInputsMax = 2048;

std::unexpected<Error> unsuitable(std::string_view key) {
  return refusal("The value of '" + std::string(key) + "' is not valid.");
}

Input input_of(std::string_view text) {
  return {hash_of(text, 0), tokens_of(text)};
}

std::string_view trimmed(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kJsonSpace) + 1);
}

// The text of a value as in the body; nullopt if it is malformed.
std::optional<std::string_view> text_as_written(ondemand::value value) {
  std::string_view text;
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return std::nullopt;
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return std::nullopt;
    if (array.raw_json().get(text) != simdjson::SUCCESS) return std::nullopt;
  } else if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
    if (object.raw_json().get(text) != simdjson::SUCCESS) return std::nullopt;
  } else {
    text = value.raw_json_token();
  }
  return trimmed(text);
}

// A whole number; absent if the value is null.
bool read_count(ondemand::value value, std::optional<std::uint64_t>& target) {
  if (trimmed(value.raw_json_token()) == "null") return true;
  std::uint64_t number = 0;
  if (value.get_uint64().get(number) != simdjson::SUCCESS) return false;
  target = number;
  return true;
}

// The name of the function in `{"type":"function","function":{"name":…}}`; empty if there is none.
std::string function_name(ondemand::value value) {
  ondemand::object object;
  ondemand::value function;
  ondemand::object details;
  std::string_view name;
  if (value.get_object().get(object) != simdjson::SUCCESS ||
      object.find_field_unordered("function").get(function) != simdjson::SUCCESS ||
      function.get_object().get(details) != simdjson::SUCCESS ||
      details.find_field_unordered("name").get_string().get(name) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(name);
}

std::string first_tool_name(ondemand::value value) {
  ondemand::array tools;
  if (value.get_array().get(tools) != simdjson::SUCCESS) return {};
  for (auto tool : tools) {
    ondemand::value first;
    if (std::move(tool).get(first) != simdjson::SUCCESS) return {};
    return function_name(first);
  }
  return {};
}

// `input` of an embedding: a string, a list of strings, a list of token ids (which is one input),
// or a list of such lists.
Status read_inputs(ondemand::value value, std::vector<Input>& inputs) {
  if (value.raw_json_token().starts_with('"')) {
    inputs.push_back(input_of(trimmed(value.raw_json_token())));
    return {};
  }
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return unsuitable("input");
  Input ids;
  for (auto element : array) {
    ondemand::value item;
    if (std::move(element).get(item) != simdjson::SUCCESS) return unsuitable("input");
    const std::optional<std::string_view> text = text_as_written(item);
    if (!text || inputs.size() >= kInputsMax) return unsuitable("input");
    if (text->starts_with('"') || text->starts_with('[')) {
      inputs.push_back(input_of(*text));
    } else {
      ids.hash = hash_of(*text, ids.hash);
      ++ids.tokens;
    }
  }
  if (ids.tokens > 0 && !inputs.empty()) return unsuitable("input");
  if (ids.tokens > 0) inputs.push_back(ids);
  if (inputs.empty()) return unsuitable("input");
  return {};
}

Status read_stream_options(ondemand::value value, Request& request) {
  if (trimmed(value.raw_json_token()) == "null") return {};
  ondemand::object options;
  if (value.get_object().get(options) != simdjson::SUCCESS) return unsuitable("stream_options");
  ondemand::value include_usage;
  if (options.find_field_unordered("include_usage").get(include_usage) == simdjson::SUCCESS) {
    request.include_usage = trimmed(include_usage.raw_json_token()) == "true";
  }
  return {};
}

}  // namespace

std::uint64_t hash_of(std::string_view text, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier = 0x9fb21c651e98df25ULL;
  std::uint64_t hash = seed ^ (text.size() * kMultiplier);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (std::rotl(hash, 29) ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    mix(word);
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  mix(rest);
  return hash;
}

struct RequestDecoder::Working {
  // What is known only when all members have been seen.
  struct Tools {
    std::string first;
    std::string chosen;
    bool required = false;
  };

  ondemand::parser parser;

  Status read_member(Endpoint endpoint, std::string_view key, ondemand::value value,
                     Request& request, Tools& tools);
  Status read_input(std::string_view key, ondemand::value value, Request& request);
};

RequestDecoder::RequestDecoder() : working_(std::make_unique<Working>()) {}
RequestDecoder::~RequestDecoder() = default;

Result<Request> RequestDecoder::decode(Endpoint endpoint, std::string_view body) {
  wire::RequestReader gate(body, {});
  Result<wire::RequestFields> fields = read_request(gate);
  if (!fields) return failure(std::move(fields.error()));
  Request request;
  request.model = gate.model();
  request.stream = fields->stream;

  const auto broken = [] { return refusal("We could not parse the JSON body of your request."); };
  ondemand::document document;
  ondemand::object object;
  const std::size_t readable = body.size() + kPadding;
  if (working_->parser.iterate(body.data(), body.size(), readable).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return broken();
  }
  Working::Tools tools;
  for (auto member : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS ||
        field.unescaped_key().get(key) != simdjson::SUCCESS) {
      return broken();
    }
    Status read = working_->read_member(endpoint, key, field.value(), request, tools);
    if (!read) return failure(std::move(read.error()));
  }
  if (tools.required) request.tool = tools.chosen.empty() ? tools.first : tools.chosen;
  const bool has_input =
      endpoint == Endpoint::kEmbedding ? !request.inputs.empty() : request.input.tokens > 0;
  if (has_input) return request;
  return refusal(endpoint == Endpoint::kChat         ? "Missing required parameter: 'messages'."
                 : endpoint == Endpoint::kCompletion ? "Missing required parameter: 'prompt'."
                                                     : "Missing required parameter: 'input'.");
}

Status RequestDecoder::Working::read_member(Endpoint endpoint, std::string_view key,
                                            ondemand::value value, Request& request, Tools& tools) {
  if (key == "sim") {
    const std::optional<std::string_view> text = text_as_written(value);
    if (!text) return unsuitable(key);
    request.sim = *text;
  } else if (endpoint == Endpoint::kEmbedding) {
    if (key == "input") return read_inputs(value, request.inputs);
    if (key == "dimensions" && !read_count(value, request.dimensions)) return unsuitable(key);
    if (key == "encoding_format") {
      request.base64 = trimmed(value.raw_json_token()) == "\"base64\"";
    }
  } else if (key == (endpoint == Endpoint::kChat ? "messages" : "prompt")) {
    return read_input(key, value, request);
  } else if (key == "stream_options") {
    return read_stream_options(value, request);
  } else if (key == "max_tokens" || key == "max_completion_tokens") {
    if (!read_count(value, request.max_tokens)) return unsuitable(key);
  } else if (endpoint == Endpoint::kChat && key == "tools") {
    tools.first = first_tool_name(value);
  } else if (endpoint == Endpoint::kChat && key == "tool_choice") {
    const std::string_view token = trimmed(value.raw_json_token());
    tools.required = token == "\"required\"" || token.starts_with('{');
    if (token.starts_with('{')) tools.chosen = function_name(value);
  }
  return {};
}

Status RequestDecoder::Working::read_input(std::string_view key, ondemand::value value,
                                           Request& request) {
  const std::optional<std::string_view> text = text_as_written(value);
  const bool suits =
      text && (text->starts_with('[') || (key == "prompt" && text->starts_with('"')));
  if (!suits) return unsuitable(key);
  request.input = input_of(*text);
  return {};
}

}  // namespace penstock::sim
