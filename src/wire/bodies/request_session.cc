#include "wire/bodies/request_session.h"

#include <array>
#include <string>

#include "wire/bodies/pinned_ids.h"
#include "wire/json/visit.h"

namespace penstock::wire {
namespace {

// Members and items of nested values. A unit takes some nanoseconds.
constexpr std::size_t kWorkMax = 200'000;
constexpr std::size_t kItemsMax = 4096;
// Members of the small objects beside them.
constexpr std::size_t kMembersMax = 1024;

// A part of what the prefix is the hash of.
class PrefixPart {
 public:
  PrefixPart(std::uint64_t seed, std::size_t bytes) : hash_(seed), bytes_left_(bytes) {}

  void add(std::string_view text) {
    text = text.substr(0, bytes_left_);
    if (text.empty()) return;
    bytes_left_ -= text.size();
    hash_ = stable_hash(text, hash_);
    is_empty_ = false;
  }

  bool is_empty() const { return is_empty_; }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_;
  std::size_t bytes_left_;
  bool is_empty_ = true;
};

class SessionReader {
 public:
  explicit SessionReader(const SessionQuestions& questions)
      : questions_(questions),
        tools_(1, questions.prefix_bytes),
        system_(2, questions.prefix_bytes),
        user_(3, questions.prefix_bytes) {}

  RequestSession read(std::string_view body);

 private:
  using Hash = std::optional<std::uint64_t>;
  struct Message {
    std::string_view role = {};
    std::string_view content = {};
    std::string_view id = {};
    std::string_view sealed = {};
    std::string_view output = {};
    std::string_view container_id = {};
  };

  void take(const JsonWalk::String& key, std::string_view value);
  Hash hash_of(std::string_view value);
  Hash hash_of_member(std::string_view object, std::string_view name);
  void add_stored(std::string_view value);
  void add_stored_of(std::string_view object, std::string_view name);
  void add_all_stored(std::string_view array);
  void take_tool(std::string_view tool);
  void take_container(std::string_view container);
  void take_prompt(std::string_view prompt);
  void take_tools(std::string_view value);
  void take_messages(std::string_view value);
  bool take_message(JsonWalk& walk);
  void take_message(const Message& message);
  void take_output(const Message& message);
  void take_text(std::string_view content, PrefixPart* part);
  bool take_block(JsonWalk& walk, PrefixPart* part);
  void add_item(std::string_view value, StableDigest (*digest)(std::string_view));

  bool wants_prefix() const { return questions_.prefix_bytes > 0; }
  bool has_first_message() const { return !user_.is_empty(); }

  const SessionQuestions questions_;
  RequestSession session_;
  Hash safety_identifier_;
  Hash user_id_;
  PrefixPart tools_;
  PrefixPart system_;
  PrefixPart user_;
  std::size_t work_ = kWorkMax;
  std::string storage_;
};

RequestSession SessionReader::read(std::string_view body) {
  JsonWalk walk(body);
  walk.skip_space();
  std::size_t keys = body.size();
  visit_members(walk, keys, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (value) take(key, *value);
    return value.has_value();
  });
  if (!session_.user) session_.user = user_id_;
  if (safety_identifier_) session_.user = safety_identifier_;
  if (!tools_.is_empty() || !system_.is_empty() || !user_.is_empty()) {
    session_.prefix = stable_mix(stable_mix(tools_.hash(), system_.hash()), user_.hash());
  }
  return std::move(session_);
}

void SessionReader::take(const JsonWalk::String& key, std::string_view value) {
  const auto is = [&](std::string_view word) { return is_key(key, word); };
  if (is("prompt_cache_key")) {
    session_.prompt_cache_key = hash_of(value);
  } else if (is("safety_identifier")) {
    safety_identifier_ = hash_of(value);
  } else if (is("user")) {
    session_.user = hash_of(value);
  } else if (is("metadata")) {
    user_id_ = hash_of_member(value, "user_id");
  } else if (is("tools") || is("functions")) {
    take_tools(value);
  } else if (is("messages") || is("input")) {
    take_messages(value);
  } else if (is("items")) {
    // Of a conversation. No API asks for a prefix of them.
    if (!wants_prefix()) take_messages(value);
  } else if (is("system") || is("instructions")) {
    if (wants_prefix()) take_text(value, &system_);
  } else if (is("prompt")) {
    if (!has_first_message()) user_.add(value);
    take_prompt(value);
  } else if (is("previous_response_id") || is("conversation") || is("container") ||
             is("input_file_id")) {
    add_stored(value);
  }
}

SessionReader::Hash SessionReader::hash_of(std::string_view value) {
  const std::string_view text = text_of(value, storage_);
  return text.empty() ? Hash() : stable_hash(text);
}

SessionReader::Hash SessionReader::hash_of_member(std::string_view object, std::string_view name) {
  Hash hash;
  JsonWalk walk(object);
  std::size_t work = kMembersMax;
  visit_members(walk, work, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (value && is_key(key, name)) hash = hash_of(*value);
    return value.has_value();
  });
  return hash;
}

// An id, or an object with it.
void SessionReader::add_stored(std::string_view value) {
  if (!questions_.pins) return;
  if (value.starts_with('{')) return add_stored_of(value, "id");
  if (session_.stored.size() == kItemsMax) return;
  const std::string_view id = text_of(value, storage_);
  if (!id.empty()) session_.stored.push_back(digest_of_id(id));
}

void SessionReader::add_stored_of(std::string_view object, std::string_view name) {
  if (!questions_.pins) return;
  JsonWalk walk(object);
  std::size_t work = kMembersMax;
  visit_members(walk, work, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (value && value->starts_with('"') && is_key(key, name)) add_stored(*value);
    return value.has_value();
  });
}

void SessionReader::add_all_stored(std::string_view array) {
  JsonWalk walk(array);
  visit_items(walk, work_, [&] {
    const auto id = walk.take_value();
    if (id && id->starts_with('"')) add_stored(*id);
    return id.has_value();
  });
}

void SessionReader::take_tools(std::string_view value) {
  if (!value.starts_with('[')) return;
  JsonWalk walk(value.substr(1));
  walk.skip_space();
  if (walk.next() == ']') return;
  session_.has_tools = true;
  tools_.add(value);
  if (!questions_.pins) return;
  JsonWalk tools(value);
  visit_items(tools, work_, [&] {
    const auto tool = tools.take_value();
    if (tool) take_tool(*tool);
    return tool.has_value();
  });
}

// A search in vector stores, or a container that code runs in.
void SessionReader::take_tool(std::string_view tool) {
  JsonWalk walk(tool);
  visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (is_key(key, "container")) take_container(*value);
    if (is_key(key, "vector_store_ids")) add_all_stored(*value);
    return true;
  });
}

// One that exists, or a new one with copies of files.
void SessionReader::take_container(std::string_view container) {
  if (!container.starts_with('{')) return add_stored(container);
  JsonWalk walk(container);
  visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (is_key(key, "id") && value->starts_with('"')) add_stored(*value);
    if (is_key(key, "file_ids")) add_all_stored(*value);
    return true;
  });
}

// A prompt that is stored: the files that its variables stand for.
void SessionReader::take_prompt(std::string_view prompt) {
  if (!questions_.pins) return;
  JsonWalk walk(prompt);
  visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (!is_key(key, "variables")) return true;
    JsonWalk variables(*value);
    return visit_members(variables, work_, [&](const JsonWalk::String&) {
      const auto variable = variables.take_value();
      if (variable) add_stored_of(*variable, "file_id");
      return variable.has_value();
    });
  });
}

void SessionReader::take_messages(std::string_view value) {
  if (value.starts_with('"')) {
    if (!has_first_message()) user_.add(value);
    return;
  }
  if (!wants_prefix() && !questions_.pins) return;
  JsonWalk walk(value);
  visit_items(walk, work_, [&] {
    if (walk.next() == '{') return take_message(walk);
    return walk.take_value().has_value();
  });
}

bool SessionReader::take_message(JsonWalk& walk) {
  Message message;
  const bool is_whole = visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (is_key(key, "role")) message.role = *value;
    if (is_key(key, "content")) message.content = *value;
    if (is_key(key, "id")) message.id = *value;
    if (is_key(key, "encrypted_content")) message.sealed = *value;
    if (is_key(key, "output")) message.output = *value;
    if (is_key(key, "container_id")) message.container_id = *value;
    return true;
  });
  if (!is_whole) return false;
  take_message(message);
  return questions_.pins || !has_first_message();
}

void SessionReader::take_message(const Message& message) {
  add_item(message.id, digest_of_id);
  add_item(message.sealed, digest_of_sealed);
  if (questions_.pins) take_output(message);
  PrefixPart* part = nullptr;
  if (wants_prefix() && !has_first_message()) {
    if (message.role == R"("user")") part = &user_;
    if (message.role == R"("system")" || message.role == R"("developer")") part = &system_;
  }
  if (part == nullptr && !questions_.pins) return;
  take_text(message.content, part);
  // Without a text: a picture, for example.
  if (part == &user_ && user_.is_empty()) user_.add(message.content);
}

// What a tool has given: a text, blocks with files, a picture; and where code has run.
void SessionReader::take_output(const Message& message) {
  add_stored(message.container_id);
  if (message.output.starts_with('{')) return add_stored_of(message.output, "file_id");
  take_text(message.output, nullptr);
}

// A text, or a list of blocks.
void SessionReader::take_text(std::string_view content, PrefixPart* part) {
  if (!content.starts_with('[')) {
    if (part != nullptr && content.starts_with('"')) part->add(content);
    return;
  }
  JsonWalk walk(content);
  visit_items(walk, work_, [&] {
    if (walk.next() == '{') return take_block(walk, part);
    return walk.take_value().has_value();
  });
}

bool SessionReader::take_block(JsonWalk& walk, PrefixPart* part) {
  std::string_view type;
  std::string_view data;
  const bool is_whole = visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    if (part != nullptr && is_key(key, "text")) part->add(*value);
    if (is_key(key, "signature")) add_item(*value, digest_of_sealed);
    if (is_key(key, "file_id")) add_stored(*value);
    if (is_key(key, "file") || is_key(key, "source")) add_stored_of(*value, "file_id");
    if (is_key(key, "type")) type = *value;
    if (is_key(key, "data")) data = *value;
    return true;
  });
  if (type == R"("redacted_thinking")") add_item(data, digest_of_sealed);
  return is_whole;
}

void SessionReader::add_item(std::string_view value, StableDigest (*digest)(std::string_view)) {
  if (!questions_.pins || session_.items.size() == kItemsMax) return;
  const std::string_view text = text_of(value, storage_);
  if (!text.empty()) session_.items.push_back(digest(text));
}

}  // namespace

RequestSession read_session(std::string_view body, const SessionQuestions& questions) {
  return SessionReader(questions).read(body);
}

}  // namespace penstock::wire
