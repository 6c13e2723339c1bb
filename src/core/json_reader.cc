#include "core/json_reader.h"

#include <algorithm>
#include <deque>

#include "core/text.h"

namespace penstock {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The contents of a string, as written, without its quotes.
std::string_view inside_of(std::string_view string) {
  return string.substr(1, string.size() - 2);
}

}  // namespace

std::string JsonError::message() const {
  std::string text;
  switch (kind) {
    case Kind::kMalformed:
      text = "malformed JSON";
      break;
    case Kind::kTooDeep:
      text = "JSON nested too deeply";
      break;
    case Kind::kTooManyValues:
      text = "too many JSON values";
      break;
    case Kind::kDuplicateKey:
      text = "duplicate key in a JSON object";
      break;
  }
  return text + " at byte " + std::to_string(position);
}

std::optional<Limit> JsonError::limit() const {
  if (kind == Kind::kTooDeep) return Limit::kJsonDepth;
  if (kind == Kind::kTooManyValues) return Limit::kJsonValues;
  return std::nullopt;
}

Error JsonError::of_request(std::string_view what) const {
  Error error = Error::client(ErrorKind::kInvalidRequest, std::string(what) + ": " + message());
  error.limit = limit();
  return error;
}

// Reads token by token; the open containers are its stack.
class JsonParser {
 public:
  JsonParser(std::string_view text, const JsonBounds& bounds) : bounds_(bounds) {
    document_.text_ = text;
  }

  std::expected<JsonDocument, JsonError> parse() {
    if (text().size() > UINT32_MAX) return failed(UINT32_MAX);
    const std::size_t sound = valid_utf8_bytes(text());
    const bool read = values();
    // The error that comes first in the text is reported.
    if (sound < text().size() && (read || sound <= error_.position)) return failed(sound);
    if (!read) return std::unexpected(error_);
    return std::move(document_);
  }

 private:
  using Node = JsonDocument::Node;
  using Kind = JsonValue::Kind;

  std::string_view text() const { return document_.text_; }
  char next() const { return at_ < text().size() ? text()[at_] : '\0'; }
  void skip_space() {
    while (at_ < text().size() && is_space(text()[at_])) ++at_;
  }
  bool take(char token) {
    if (next() != token) return false;
    ++at_;
    return true;
  }
  std::unexpected<JsonError> failed(std::size_t position) {
    return std::unexpected(JsonError{JsonError::Kind::kMalformed, position});
  }
  bool fail(JsonError::Kind kind, std::size_t position) {
    error_ = {kind, position};
    return false;
  }
  bool malformed() { return fail(JsonError::Kind::kMalformed, std::min(at_, text().size())); }

  // A value, and then, while a container is open, what may follow in it.
  bool values() {
    skip_space();
    if (!value()) return false;
    while (!open_.empty()) {
      skip_space();
      if (!item_or_end()) return false;
    }
    skip_space();
    return at_ == text().size() || malformed();
  }

  bool item_or_end() {
    const std::size_t container = open_.back();
    const bool is_object = document_.nodes_[container].kind == Kind::kObject;
    const bool is_empty = document_.nodes_.size() == container + 1;
    if (take(is_object ? '}' : ']')) return close(container);
    if (!is_empty) {
      if (!take(',')) return malformed();
      skip_space();
    }
    if (is_object) {
      if (next() != '"') return malformed();
      if (!string()) return false;
      skip_space();
      if (!take(':')) return malformed();
      skip_space();
    }
    return value();
  }

  bool close(std::size_t container) {
    open_.pop_back();
    Node& node = document_.nodes_[container];
    node.end = static_cast<std::uint32_t>(at_);
    node.after = static_cast<std::uint32_t>(document_.nodes_.size());
    return node.kind != Kind::kObject || keys_differ(container);
  }

  bool value() {
    switch (next()) {
      case '{':
        return open(Kind::kObject);
      case '[':
        return open(Kind::kArray);
      case '"':
        return string();
      case 'n':
        return literal("null", Kind::kNull);
      case 't':
        return literal("true", Kind::kTrue);
      case 'f':
        return literal("false", Kind::kFalse);
      default:
        return number();
    }
  }

  Node* add(Kind kind) {
    if (document_.nodes_.size() >= bounds_.values) {
      fail(JsonError::Kind::kTooManyValues, at_);
      return nullptr;
    }
    Node& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.begin = static_cast<std::uint32_t>(at_);
    node.after = static_cast<std::uint32_t>(document_.nodes_.size());
    return &node;
  }

  bool open(Kind kind) {
    if (open_.size() >= bounds_.depth) return fail(JsonError::Kind::kTooDeep, at_);
    if (add(kind) == nullptr) return false;
    open_.push_back(document_.nodes_.size() - 1);
    ++at_;
    return true;
  }

  bool string() {
    Node* const node = add(Kind::kString);
    if (node == nullptr) return false;
    ++at_;
    for (;; ++at_) {
      at_ += plain_json_bytes(text().substr(std::min(at_, text().size())));
      const char c = next();
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) return malformed();
      if (c != '\\') continue;
      node->escaped = true;
      ++at_;
    }
    ++at_;
    node->end = static_cast<std::uint32_t>(at_);
    if (!node->escaped) return true;
    scratch_.clear();
    const std::string_view spelled = text().substr(node->begin, node->end - node->begin);
    return append_json_unescaped(scratch_, inside_of(spelled)) ||
           fail(JsonError::Kind::kMalformed, node->begin);
  }

  bool literal(std::string_view word, Kind kind) {
    if (text().substr(at_, word.size()) != word) return malformed();
    return scalar(kind, word.size());
  }

  // -? int frac? exp? (RFC 8259 section 6)
  bool number() {
    std::size_t end = at_;
    const auto peek = [&] { return end < text().size() ? text()[end] : '\0'; };
    const auto digits = [&] {
      const std::size_t first = end;
      while (is_digit(peek())) ++end;
      return end > first;
    };
    if (peek() == '-') ++end;
    const bool leading_zero = peek() == '0';
    if (!digits()) return malformed();
    const std::size_t first_digit = at_ + (text()[at_] == '-' ? 1 : 0);
    if (leading_zero && end > first_digit + 1) return malformed();
    if (peek() == '.') {
      ++end;
      if (!digits()) return malformed();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++end;
      if (peek() == '+' || peek() == '-') ++end;
      if (!digits()) return malformed();
    }
    return scalar(Kind::kNumber, end - at_);
  }

  bool scalar(Kind kind, std::size_t bytes) {
    Node* const node = add(kind);
    if (node == nullptr) return false;
    at_ += bytes;
    node->end = static_cast<std::uint32_t>(at_);
    return true;
  }

  // Sorting bounds the time for any keys, which a peer chooses; a hash table's time would depend on
  // them. Keys without an escape are compared in place.
  bool keys_differ(std::size_t object) {
    const std::vector<Node>& nodes = document_.nodes_;
    keys_.clear();
    unescaped_.clear();
    for (std::size_t i = object + 1; i < nodes[object].after; i = nodes[i + 1].after) {
      const JsonValue key(document_, i);
      const std::string_view spelled = inside_of(key.raw());
      const std::string_view text =
          nodes[i].escaped ? std::string_view(unescaped_.emplace_back(key.text())) : spelled;
      keys_.push_back({text, nodes[i].begin});
    }
    std::sort(keys_.begin(), keys_.end());
    const auto same = std::adjacent_find(
        keys_.begin(), keys_.end(), [](const Key& a, const Key& b) { return a.text == b.text; });
    return same == keys_.end() || fail(JsonError::Kind::kDuplicateKey, (same + 1)->begin);
  }

  struct Key {
    std::string_view text;
    std::uint32_t begin;
    auto operator<=>(const Key&) const = default;
  };

  const JsonBounds bounds_;
  JsonDocument document_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;
  std::vector<Key> keys_;
  std::deque<std::string> unescaped_;
  std::string scratch_;
  JsonError error_;
};

std::expected<JsonDocument, JsonError> JsonDocument::read(std::string_view text,
                                                          const JsonBounds& bounds) {
  return JsonParser(text, bounds).parse();
}

JsonValue::Kind JsonValue::kind() const {
  return document_->nodes_[index_].kind;
}

std::string_view JsonValue::raw() const {
  const JsonDocument::Node& node = document_->nodes_[index_];
  return document_->text_.substr(node.begin, node.end - node.begin);
}

std::string JsonValue::text() const {
  if (!is_string()) return {};
  const std::string_view inside = inside_of(raw());
  if (!document_->nodes_[index_].escaped) return std::string(inside);
  std::string out;
  append_json_unescaped(out, inside);
  return out;
}

bool JsonValue::is_text(std::string_view expected) const {
  if (!is_string()) return false;
  if (document_->nodes_[index_].escaped) return text() == expected;
  return inside_of(raw()) == expected;
}

std::string JsonMember::raw() const {
  std::string spelled;
  if (key) spelled.append(key->raw()).append(":");
  return spelled.append(value.raw());
}

std::optional<JsonValue> JsonValue::find(std::string_view key) const {
  if (!is_object()) return std::nullopt;
  for (const JsonMember member : members()) {
    if (member.key->is_text(key)) return member.value;
  }
  return std::nullopt;
}

std::string without_members(const JsonValue& object, std::span<const std::string_view> names) {
  const auto goes = [&](const JsonMember& member) {
    return std::ranges::any_of(names,
                               [&](std::string_view name) { return member.key->is_text(name); });
  };
  std::string kept;
  bool all = true;
  for (const JsonMember member : object.members()) {
    if (goes(member)) {
      all = false;
    } else {
      kept.append(kept.empty() ? "" : ",").append(member.raw());
    }
  }
  return all ? std::string(object.raw()) : "{" + kept + "}";
}

JsonValue::Members JsonValue::members() const {
  const std::size_t after = document_->nodes_[index_].after;
  return {Iterator(*document_, index_ + 1, is_object()), Iterator(*document_, after, is_object())};
}

JsonMember JsonValue::Iterator::operator*() const {
  std::optional<JsonValue> key;
  if (keyed_) key = JsonValue(*document_, index_);
  return {key, JsonValue(*document_, value_index())};
}

JsonValue::Iterator& JsonValue::Iterator::operator++() {
  index_ = document_->nodes_[value_index()].after;
  return *this;
}

}  // namespace penstock
