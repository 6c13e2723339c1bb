#include "wire/request_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/text.h"

namespace penstock::wire {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(RequestReader::kPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr std::string_view kJsonSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Working memory is kept for bodies of up to this size. simdjson takes some ten bytes for each byte
// of a body; a rare large one must not cost a thread that memory for ever.
constexpr std::size_t kKeptBodyBytesMax = 4 << 20;
constexpr std::size_t kKeptKeysMax = 1 << 16;

// Up to here comparing every key with every other is the fastest way.
constexpr std::size_t kComparedKeysMax = 24;

constexpr std::size_t kShownKeyBytesMax = 64;

Error invalid(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

Error not_json(std::string_view what, std::size_t position) {
  std::string message = "We could not parse the JSON body of your request: ";
  message.append(what);
  if (position != kNowhere) message.append(" at byte ").append(std::to_string(position));
  message.push_back('.');
  return invalid(std::move(message));
}

// Where a string holds a bare control character, or begins without ever ending.
std::size_t first_broken_string(std::string_view text) {
  std::size_t opened = kNowhere;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      opened = opened == kNowhere ? i : kNowhere;
    } else if (opened != kNowhere) {
      if (static_cast<unsigned char>(text[i]) < 0x20) return i;
      if (text[i] == '\\') ++i;
    }
  }
  return opened;
}

// What simdjson found while it looked over the whole body, before any field was read.
Error scan_failure(simdjson::error_code code, std::string_view body) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return not_json("it is not valid UTF-8", valid_utf8_bytes(body));
    case simdjson::UNESCAPED_CHARS:
      return not_json("a string has an unescaped control character", first_broken_string(body));
    case simdjson::UNCLOSED_STRING:
      return not_json("a string does not end that begins", first_broken_string(body));
    case simdjson::EMPTY:
      return not_json("it is empty", kNowhere);
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY:
      return Error::gateway(ErrorKind::kOverloaded, "There is no memory to read the body with.");
    default:
      return not_json("it is not JSON", kNowhere);
  }
}

// The key as it may stand in a message.
std::string shown(std::string_view key) {
  const std::string_view cut = key.substr(0, kShownKeyBytesMax);
  std::string text(cut.substr(0, valid_utf8_bytes(cut)));
  if (cut.size() < key.size()) text.append("…");
  return text;
}

// A key that stands in `keys` twice, or null. Changes their order. Sorting by hash and then by text
// keeps the cost at n log n whatever keys somebody chooses.
struct Key {
  std::size_t hash = 0;
  std::string_view text;
};

const Key* find_duplicate(std::span<Key> keys) {
  const auto same = [](const Key& a, const Key& b) { return a.text == b.text; };
  if (keys.size() <= kComparedKeysMax) {
    for (std::size_t i = 1; i < keys.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same(keys[i], keys[j])) return &keys[i];
      }
    }
    return nullptr;
  }
  for (Key& key : keys) key.hash = std::hash<std::string_view>{}(key.text);
  std::ranges::sort(keys, [](const Key& a, const Key& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.text < b.text;
  });
  const auto found = std::ranges::adjacent_find(keys, same);
  return found == keys.end() ? nullptr : &*found;
}

bool may_begin_value(char c) {
  return c == '"' || c == '{' || c == '[' || c == 't' || c == 'f' || c == 'n' || c == '-' ||
         (c >= '0' && c <= '9');
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace

struct RequestReader::Working {
  ondemand::parser parser;
  std::vector<Key> keys;

  // One reading of one body.
  Result<RequestFields> read(std::string_view body);
  Status read_fields(std::string_view body, ondemand::document& document, RequestFields& fields);
  Status read_field(std::string_view body, ondemand::field& field, RequestFields& fields);
  void release_excess();
};

RequestReader::RequestReader() : working_(std::make_unique<Working>()) {}
RequestReader::~RequestReader() = default;

Result<RequestFields> RequestReader::read(std::string_view body) {
  Result<RequestFields> fields = working_->read(body);
  if (fields) {
    // Out of simdjson's memory, which may be released.
    model_.assign(fields->model);
    fields->model = model_.view();
  }
  working_->release_excess();
  return fields;
}

namespace {

// Where the document's reader stands. Behind the last token it stands nowhere.
std::size_t position_in(std::string_view body, ondemand::document& document) {
  const char* location = nullptr;
  if (document.current_location().get(location) != simdjson::SUCCESS) return body.size();
  return std::min(static_cast<std::size_t>(location - body.data()), body.size());
}

Error missing_model() {
  return invalid("You must provide a model parameter: a string that is not empty.");
}

}  // namespace

Result<RequestFields> RequestReader::Working::read(std::string_view body) {
  if (body.starts_with(kByteOrderMark)) {
    return failure(not_json("it begins with a byte order mark", kNowhere));
  }
  if (body.find_first_not_of(kJsonSpace) == std::string_view::npos) {
    return failure(not_json("it is empty", kNowhere));
  }
  if (parser.capacity() < body.size()) {
    // By powers of two, so that bodies of slowly growing sizes do not allocate each time.
    const std::size_t capacity = body.size() > kKeptBodyBytesMax
                                     ? body.size()
                                     : std::max<std::size_t>(4096, std::bit_ceil(body.size()));
    if (const auto code = parser.allocate(capacity); code != simdjson::SUCCESS) {
      return failure(scan_failure(code, body));
    }
  }
  keys.clear();
  ondemand::document document;
  const auto scanned =
      parser.iterate(body.data(), body.size(), body.size() + kPadding).get(document);
  if (scanned != simdjson::SUCCESS) return failure(scan_failure(scanned, body));

  RequestFields fields;
  if (Status read = read_fields(body, document, fields); !read) return failure(read.error());
  if (const Key* twice = find_duplicate(keys)) {
    return failure(invalid("The body has the key '" + shown(twice->text) + "' more than once."));
  }
  if (fields.model_end == 0) return failure(missing_model());
  return fields;
}

// simdjson reports what is wrong with a member when the member is taken, and what is wrong between
// members when the next one is. After an error nothing further is asked of it.
Status RequestReader::Working::read_fields(std::string_view body, ondemand::document& document,
                                           RequestFields& fields) {
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) {
    const bool object_begins = body[body.find_first_not_of(kJsonSpace)] == '{';
    return failure(object_begins ? not_json("the object does not end", body.size())
                                 : not_json("it is not an object", kNowhere));
  }
  ondemand::object_iterator members;
  ondemand::object_iterator end;
  if (object.begin().get(members) != simdjson::SUCCESS ||
      object.end().get(end) != simdjson::SUCCESS) {
    return failure(not_json("it is not an object", kNowhere));
  }
  for (; members != end; ++members) {
    ondemand::field field;
    if ((*members).get(field) != simdjson::SUCCESS) {
      return failure(not_json("the object goes on in a wrong way", position_in(body, document)));
    }
    if (Status read = read_field(body, field, fields); !read) return read;
  }
  // At the end of the tokens simdjson has no location to give.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return failure(not_json("something follows the object", position_in(body, document)));
  }
  return {};
}

Status RequestReader::Working::read_field(std::string_view body, ondemand::field& field,
                                          RequestFields& fields) {
  // A token reaches to the next one; between a string's or literal's end and that is only space.
  std::string_view token = field.value().raw_json_token();
  const auto begin = static_cast<std::size_t>(token.data() - body.data());
  const char first = body[std::min(begin, body.size() - 1)];
  if (!may_begin_value(first)) return failure(not_json("a value is missing", begin));
  // simdjson's skipping takes a string with a colon behind it for a key, and would go astray.
  const std::size_t next = begin + token.size();
  if (next < body.size() && body[next] == ':') {
    return failure(not_json("a value is followed by a colon", next));
  }
  token = token.substr(0, token.find_last_not_of(kJsonSpace) + 1);

  std::string_view key;
  if (field.unescaped_key().get(key) != simdjson::SUCCESS) {
    return failure(not_json("a key has a broken escape before the value", begin));
  }
  keys.push_back({0, key});

  if (key == "stream") {
    fields.stream = token == "true";
    return {};
  }
  if (key != "model") return {};
  if (first != '"') return failure(missing_model());
  fields.model_begin = begin;
  fields.model_end = begin + token.size();
  std::string_view model;
  if (field.value().get_string().get(model) != simdjson::SUCCESS) {
    return failure(not_json("the model's name has a broken escape", begin));
  }
  if (model.empty()) return failure(missing_model());
  if (std::ranges::any_of(model, is_control)) {
    return failure(invalid("The model's name has a control character."));
  }
  fields.model = model;
  return {};
}

void RequestReader::Working::release_excess() {
  if (parser.capacity() > kKeptBodyBytesMax) parser = ondemand::parser();
  if (keys.capacity() > kKeptKeysMax) keys = std::vector<Key>();
}

}  // namespace penstock::wire
