#include "wire/request_fields.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/text.h"
#include "wire/json_walk.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A rare body with very many keys must not cost a thread its memory for ever.
constexpr std::size_t kKeptKeysMax = 1 << 16;

// Up to here comparing every key with every other is the fastest way.
constexpr std::size_t kComparedKeysMax = 24;

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

Error missing_model() {
  return invalid("You must provide a model parameter: a string that is not empty.");
}

Error wrong_way(const JsonWalk& walk) {
  if (walk.at_end()) return not_json("the object does not end");
  return not_json("the object goes on in a wrong way", walk.position());
}

// Why the walk could not go on.
Error walk_failure(const JsonWalk& walk) {
  switch (walk.fault()) {
    case JsonFault::kControlCharacter:
      return not_json("a string has an unescaped control character", walk.position());
    case JsonFault::kOpenString:
      return not_json("a string does not end that begins", walk.position());
    case JsonFault::kOpenNested:
      return not_json("an object or array does not end that begins", walk.position());
    case JsonFault::kForeignByte:
      return not_json("a character stands outside of strings", walk.position());
    case JsonFault::kWrongToken:
    case JsonFault::kNone:
      break;
  }
  return wrong_way(walk);
}

// The key as it may stand in a message.
std::string shown(std::string_view key) {
  const std::string_view cut = key.substr(0, kShownKeyBytesMax);
  std::string text(cut.substr(0, valid_utf8_bytes(cut)));
  if (cut.size() < key.size()) text.append("…");
  return text;
}

bool may_begin_value(char c) {
  return c == '"' || c == '{' || c == '[' || c == 't' || c == 'f' || c == 'n' || c == '-' ||
         (c >= '0' && c <= '9');
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace

Result<RequestFields> RequestReader::read(std::string_view body) {
  keys_.clear();
  Result<RequestFields> fields = read_object(body);
  release_excess();
  return fields;
}

Result<RequestFields> RequestReader::read_object(std::string_view body) {
  if (body.starts_with(kByteOrderMark)) {
    return failure(not_json("it begins with a byte order mark"));
  }
  JsonWalk walk(body);
  walk.skip_space();
  if (walk.at_end()) return failure(not_json("it is empty"));
  if (!walk.take('{')) return failure(not_json("it is not an object"));

  RequestFields fields;
  walk.skip_space();
  if (!walk.take('}')) {
    do {
      if (Status read = read_member(walk, fields); !read) return failure(read.error());
    } while (walk.take(','));
    if (!walk.take('}')) return failure(wrong_way(walk));
  }
  walk.skip_space();
  if (!walk.at_end()) return failure(not_json("something follows the object", walk.position()));
  if (!walk.is_utf8()) return failure(not_json("it is not valid UTF-8", valid_utf8_bytes(body)));
  if (const Key* twice = find_duplicate()) {
    return failure(invalid("The body has the key '" + shown(twice->text) + "' more than once."));
  }
  if (fields.model_end == 0) return failure(missing_model());
  fields.model = model_.view();
  return fields;
}

Status RequestReader::read_member(JsonWalk& walk, RequestFields& fields) {
  const auto member = walk.take_member();
  if (!member) return failure(walk_failure(walk));
  const auto& [spelled_key, value, begin] = *member;
  if (value.empty() && walk.at_end()) return failure(wrong_way(walk));
  if (value.empty() || !may_begin_value(value.front())) {
    return failure(not_json("a value is missing", begin));
  }

  std::string_view key = spelled_key.text;
  if (spelled_key.escaped) {
    std::string& unescaped = unescaped_.emplace_back();
    if (!append_json_unescaped(unescaped, key)) {
      return failure(not_json("a key has a broken escape before the value", begin));
    }
    key = unescaped;
  }
  keys_.push_back({0, key});
  if (key == "stream") {
    fields.stream = value == "true";
  } else if (key == "model") {
    fields.model_begin = begin;
    fields.model_end = begin + value.size();
    return read_model(value, begin);
  }
  return {};
}

// `spelled` is the model's value, and begins at `begin`.
Status RequestReader::read_model(std::string_view spelled, std::size_t begin) {
  if (!spelled.starts_with('"')) return failure(missing_model());
  std::string_view model = spelled.substr(1, spelled.size() - 2);
  std::string unescaped;
  if (model.find('\\') != model.npos) {
    if (!append_json_unescaped(unescaped, model)) {
      return failure(not_json("the model's name has a broken escape", begin));
    }
    model = unescaped;
  }
  if (model.empty()) return failure(missing_model());
  if (std::ranges::any_of(model, is_control)) {
    return failure(invalid("The model's name has a control character."));
  }
  model_.assign(model);
  return {};
}

// A key that stands in the body twice, or null. Changes their order. Sorting by hash and then by
// text keeps the cost at n log n whatever keys somebody chooses.
const RequestReader::Key* RequestReader::find_duplicate() {
  const auto same = [](const Key& a, const Key& b) { return a.text == b.text; };
  if (keys_.size() <= kComparedKeysMax) {
    for (std::size_t i = 1; i < keys_.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same(keys_[i], keys_[j])) return &keys_[i];
      }
    }
    return nullptr;
  }
  for (Key& key : keys_) key.hash = std::hash<std::string_view>{}(key.text);
  std::ranges::sort(keys_, [](const Key& a, const Key& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.text < b.text;
  });
  const auto found = std::ranges::adjacent_find(keys_, same);
  return found == keys_.end() ? nullptr : &*found;
}

void RequestReader::release_excess() {
  if (keys_.capacity() > kKeptKeysMax) keys_ = std::vector<Key>();
  unescaped_.clear();
}

}  // namespace penstock::wire
