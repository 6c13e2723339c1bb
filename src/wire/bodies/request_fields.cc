#include "wire/bodies/request_fields.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "core/text.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

// Longer keys name no parameter. They would be unescaped and compared in one go.
constexpr std::size_t kKeyBytesMax = 1024;

// An escape of six bytes stands for at least one byte.
constexpr std::size_t kEscapeBytes = 6;

// A longer key is not `model`, however it is spelled.
constexpr std::size_t kLongestModelKeyBytes = kEscapeBytes * std::string_view("model").size();

constexpr std::size_t kShownKeyBytesMax = 64;

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

Error not_json(std::string_view what, std::size_t position = kNowhere) {
  std::string message = "We could not parse the JSON body of your request: ";
  message.append(what);
  if (position != kNowhere) message.append(" at byte ").append(std::to_string(position));
  message.push_back('.');
  return invalid(std::move(message));
}

// Where the model is, beside the top.
JsonCheck::Path path_to(ModelIn place) {
  static constexpr std::array<std::string_view, 1> kSession = {"session"};
  static constexpr std::array<std::string_view, 3> kRequests = {"requests", "", "params"};
  if (place == ModelIn::kSession) return kSession;
  if (place == ModelIn::kRequests) return kRequests;
  return {};
}

// The key in a form for messages.
std::string shown(std::string_view key) {
  const std::string_view cut = key.substr(0, kShownKeyBytesMax);
  std::string text(cut.substr(0, valid_utf8_bytes(cut)));
  if (cut.size() < key.size()) text.append("…");
  return text;
}

[[gnu::cold]] Error variant(std::string_view key, std::string_view name) {
  return invalid("The body has the key '" + shown(key) + "', which some services read as '" +
                 std::string(name) + "'. Spell it '" + std::string(name) + "'.");
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// Whether a service that ignores the case of keys would take `key` for `name`, and we do not. Go's
// does so by Unicode's rules, in which the long s is an s.
[[gnu::always_inline]] inline bool is_variant_of(std::string_view key, std::string_view name) {
  constexpr std::string_view kLongS = "\u017F";
  if (key == name) return false;
  if (equals_ignoring_case(key, name)) return true;
  return name.starts_with('s') && key.starts_with(kLongS) &&
         equals_ignoring_case(key.substr(kLongS.size()), name.substr(1));
}

}  // namespace

RequestReader::RequestReader(std::string_view body, const RequestLimits& limits, RequestShape shape)
    : body_(body),
      limits_(limits),
      shape_(shape),
      check_(body, limits.depth, path_to(shape.model_in)) {}

std::optional<Result<RequestFields>> RequestReader::proceed(std::size_t work) {
  if (body_.starts_with(kByteOrderMark)) {
    return failure(not_json("it begins with a byte order mark"));
  }
  for (;;) {
    switch (check_.next(work)) {
      case JsonCheck::Step::kMember:
        if (Status taken = take_member(check_.member()); !taken) {
          return failure(std::move(taken.error()));
        }
        if (work == 0) return std::nullopt;
        break;
      case JsonCheck::Step::kInner:
        if (Status taken = take_inner(check_.inner()); !taken) {
          return failure(std::move(taken.error()));
        }
        work -= std::min(work, inner_work());
        if (work == 0) return std::nullopt;
        break;
      case JsonCheck::Step::kEnd:
        return end_with_utf8(work);
      case JsonCheck::Step::kPaused:
        return std::nullopt;
      case JsonCheck::Step::kFault:
        return failure(fault());
    }
  }
}

Error RequestReader::fault() const {
  // About the body as a whole; a position would be meaningless.
  const bool of_all = check_.position() == 0 || check_.position() == body_.size();
  Error error = not_json(check_.fault(), of_all ? kNowhere : check_.position());
  if (check_.depth_is_the_fault()) return std::move(error).at_limit(Limit::kBodyDepth);
  return error;
}

std::optional<Result<RequestFields>> RequestReader::end_with_utf8(std::size_t work) {
  switch (check_.check_utf8(work)) {
    case JsonCheck::Step::kPaused:
      return std::nullopt;
    case JsonCheck::Step::kEnd:
      return finish();
    default:
      return failure(not_json("it is not valid UTF-8", check_.utf8_bytes()));
  }
}

Result<RequestFields> RequestReader::finish() {
  // By hash and then by text: the cost is n log n for any keys that a peer chooses.
  for (Key& key : many_keys_) key.hash = std::hash<std::string_view>{}(key.text);
  std::ranges::sort(many_keys_, [](const Key& a, const Key& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.text < b.text;
  });
  const auto twice = std::ranges::adjacent_find(
      many_keys_, [](const Key& a, const Key& b) { return a.text == b.text; });
  if (twice != many_keys_.end()) {
    return failure(invalid("The body has the key '" + shown(twice->text) + "' more than once."));
  }
  if (fields_.first_place.end == 0 && shape_.model_is == ModelIs::kRequired) {
    return failure(missing_model());
  }
  return std::move(fields_);
}

Error RequestReader::missing_model() const {
  switch (shape_.model_in) {
    case ModelIn::kSession:
      return invalid("You must provide a model parameter in 'session': a non-empty string.");
    case ModelIn::kRequests:
      return invalid("Each of 'requests' must have a 'model' in its 'params': a non-empty string.");
    case ModelIn::kTop:
      break;
  }
  return invalid("You must provide a model parameter: a non-empty string.");
}

Status RequestReader::take_member(const JsonCheck::Member& member) {
  std::string_view key = member.key;
  if (key.size() > kKeyBytesMax) {
    return failure(not_json("a key is too long; its value is", member.value_begin));
  }
  if (member.key_is_escaped) {
    std::string& unescaped = unescaped_.emplace_front();
    if (!append_json_unescaped(unescaped, key)) {
      return failure(not_json("a key has an invalid escape; its value is", member.value_begin));
    }
    key = unescaped;
  }
  if (Status added = add_key(key); !added) return added;
  if (key == "stream") {
    fields_.stream =
        body_.substr(member.value_begin, member.value_end - member.value_begin) == "true";
  } else if (key == "model" && shape_.model_in != ModelIn::kRequests) {
    return read_model(member);
  }
  return {};
}

// What take_inner() costs at most: its name is compared with those that are known.
std::size_t RequestReader::inner_work() const {
  constexpr std::size_t kEachMember = 10;
  constexpr std::size_t kBytesPerWork = 32;
  if (check_.inner().key.size() > kLongestModelKeyBytes) return kEachMember;
  const std::size_t bytes = check_.inner().value_end - check_.inner().value_begin;
  const std::size_t compared =
      std::min(bytes, limits_.model_bytes * kEscapeBytes) / kBytesPerWork + 2;
  return kEachMember + (1 + fields_.more_names.size()) * compared;
}

// A member beside the model. If the model occurs twice here, both are places.
Status RequestReader::take_inner(const JsonCheck::Member& member) {
  if (member.key.size() > kLongestModelKeyBytes) return {};
  std::string_view key = member.key;
  std::string unescaped;
  if (member.key_is_escaped) {
    if (!append_json_unescaped(unescaped, key)) {
      return failure(not_json("a key has an invalid escape; its value is", member.value_begin));
    }
    key = unescaped;
  }
  if (is_variant_of(key, "model")) return failure(variant(key, "model"));
  if (key != "model") return {};
  return read_model(member);
}

Status RequestReader::add_key(std::string_view key) {
  if (key_count_ == limits_.keys) {
    return failure(invalid("The body has more than " + std::to_string(limits_.keys) +
                           " keys at its top level.")
                       .at_limit(Limit::kBodyKeys));
  }
  for (const std::string_view name : {"model", "stream"}) {
    if (is_variant_of(key, name)) return failure(variant(key, name));
  }
  if (key.contains('\0')) return failure(invalid("The body has a key with a NUL character."));

  const std::size_t compared = std::min(key_count_, kComparedKeysMax);
  ++key_count_;
  if (compared < kComparedKeysMax) {
    for (std::size_t i = 0; i < compared; ++i) {
      if (keys_[i] != key) continue;
      return failure(invalid("The body has the key '" + shown(key) + "' more than once."));
    }
    keys_[compared] = key;
    return {};
  }
  if (many_keys_.empty()) {
    for (const std::string_view first : keys_) many_keys_.push_back({0, first});
  }
  many_keys_.push_back({0, key});
  return {};
}

Status RequestReader::read_model(const JsonCheck::Member& member) {
  const auto too_long = [&] {
    return failure(
        invalid("The model's name has more than " + std::to_string(limits_.model_bytes) + " bytes.")
            .at_limit(Limit::kModelBytes));
  };
  std::string_view model = body_.substr(member.value_begin, member.value_end - member.value_begin);
  if (model == "null" && shape_.model_is == ModelIs::kOptional) return {};
  if (!model.starts_with('"')) return failure(missing_model());
  model = model.substr(1, model.size() - 2);
  if (model.size() > limits_.model_bytes * kEscapeBytes) return too_long();
  std::string unescaped;
  if (model.contains('\\')) {
    if (!append_json_unescaped(unescaped, model)) {
      return failure(not_json("the model's name has an invalid escape", member.value_begin));
    }
    model = unescaped;
  }
  if (model.empty()) return failure(missing_model());
  if (model.size() > limits_.model_bytes) return too_long();
  if (std::ranges::any_of(model, is_control)) {
    return failure(invalid("The model's name has a control character."));
  }
  return add_place(model, member);
}

Status RequestReader::add_place(std::string_view model, const JsonCheck::Member& member) {
  ModelPlace place{member.value_begin, member.value_end, 0};
  if (fields_.first_place.end == 0) {
    model_.assign(model);
    fields_.first_place = place;
    return {};
  }
  if (model != model_.view()) {
    std::vector<std::string>& names = fields_.more_names;
    const auto known = std::ranges::find(names, model);
    place.name = 1 + static_cast<std::size_t>(known - names.begin());
    if (known == names.end()) names.emplace_back(model);
  }
  if (fields_.more_names.size() == kNamesMax) {
    return failure(invalid("The body names more than " + std::to_string(kNamesMax) + " models."));
  }
  if (fields_.more_places.empty()) fields_.more_places.push_back(fields_.first_place);
  if (fields_.more_places.size() == kPlacesMax) {
    return failure(
        invalid("The body names a model more than " + std::to_string(kPlacesMax) + " times."));
  }
  fields_.more_places.push_back(place);
  return {};
}

Result<RequestFields> read_request(RequestReader& reader) {
  for (;;) {
    auto fields = reader.proceed(std::numeric_limits<std::size_t>::max());
    if (fields) return *std::move(fields);
  }
}

}  // namespace penstock::wire
