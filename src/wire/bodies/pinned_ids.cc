#include "wire/bodies/pinned_ids.h"

#include <algorithm>
#include <array>
#include <string>

#include "wire/json/visit.h"

namespace penstock::wire {
namespace {

// A digest of an id is none of a sealed content.
constexpr std::uint64_t kIdSeed = 0;
constexpr std::uint64_t kSealedSeed = 2;

// Members and items of nested values.
constexpr std::size_t kAnswerWorkMax = 200'000;

// The `object` of what belongs to a provider, or Anthropic's `type`.
constexpr std::string_view kKinds[] = {
    "file",   "batch",           "message_batch", "container", "container.file", "vector_store",
    "upload", "fine_tuning.job", "conversation",  "assistant", "thread",         "video",
};

// The members of an object that matter, as written.
struct Parts {
  std::string_view object;
  std::string_view type;
  std::string_view id;
  std::string_view output;
  std::string_view conversation;
  std::string_view response;
  std::string_view item;
  std::string_view content;
  std::string_view container;
  std::string_view container_id;
  std::string_view file;
  std::string_view delta;
  std::string_view block;
  std::string_view sealed;
  std::string_view signature;
  std::string_view data;
};

struct PartKey {
  std::string_view key;
  std::string_view Parts::* part;
};

constexpr PartKey kPartKeys[] = {
    {"object", &Parts::object},
    {"type", &Parts::type},
    {"id", &Parts::id},
    {"output", &Parts::output},
    {"conversation", &Parts::conversation},
    {"response", &Parts::response},
    {"item", &Parts::item},
    {"content", &Parts::content},
    {"container", &Parts::container},
    {"container_id", &Parts::container_id},
    {"file", &Parts::file},
    {"delta", &Parts::delta},
    {"content_block", &Parts::block},
    {"encrypted_content", &Parts::sealed},
    {"signature", &Parts::signature},
    {"data", &Parts::data},
};

class AnswerReader {
 public:
  std::vector<PinnedId> read(std::string_view text);

 private:
  Parts parts_of(std::string_view object);
  void each_of(std::string_view array, void (AnswerReader::*take)(const Parts&));
  void take_response(const Parts& response);
  void take_item(const Parts& item);
  void take_listed(const Parts& listed);
  void take_block(const Parts& block);
  // Of a value that is an id, or an object with it.
  void add_reference(std::string_view value);
  void add_id(std::string_view value, PinnedTo to);
  void add_sealed(std::string_view value);
  void add(StableDigest digest, PinnedTo to) {
    if (ids_.size() < kPinnedIdsMax) ids_.push_back({digest, to});
  }

  std::vector<PinnedId> ids_;
  std::size_t work_ = kAnswerWorkMax;
  std::string storage_;
};

std::vector<PinnedId> AnswerReader::read(std::string_view text) {
  const Parts whole = parts_of(text);
  std::string kind(text_of(whole.object.empty() ? whole.type : whole.object, storage_));
  if (kind == "response") take_response(whole);
  if (std::ranges::find(kKinds, kind) != std::end(kKinds)) add_id(whole.id, PinnedTo::kProvider);
  if (kind == "list") each_of(whole.data, &AnswerReader::take_listed);
  if (kind == "upload") add_reference(whole.file);
  if (!whole.response.empty()) take_response(parts_of(whole.response));
  if (!whole.item.empty()) take_item(parts_of(whole.item));
  // Messages.
  each_of(whole.content, &AnswerReader::take_block);
  if (!whole.block.empty()) take_block(parts_of(whole.block));
  const Parts delta = parts_of(whole.delta);
  take_block(delta);
  add_reference(whole.container);
  add_reference(delta.container);
  return std::move(ids_);
}

Parts AnswerReader::parts_of(std::string_view object) {
  Parts parts;
  JsonWalk walk(object);
  walk.skip_space();
  visit_members(walk, work_, [&](const JsonWalk::String& key) {
    const auto value = walk.take_value();
    if (!value) return false;
    for (const auto& [name, part] : kPartKeys) {
      if (is_key(key, name)) parts.*part = *value;
    }
    return true;
  });
  return parts;
}

void AnswerReader::each_of(std::string_view array, void (AnswerReader::*take)(const Parts&)) {
  JsonWalk walk(array);
  visit_items(walk, work_, [&] {
    const auto value = walk.take_value();
    if (value) (this->*take)(parts_of(*value));
    return value.has_value();
  });
}

void AnswerReader::take_response(const Parts& response) {
  add_id(response.id, PinnedTo::kTarget);
  add_reference(response.conversation);
  each_of(response.output, &AnswerReader::take_item);
}

void AnswerReader::take_item(const Parts& item) {
  add_id(item.id, PinnedTo::kTarget);
  add_sealed(item.sealed);
  add_id(item.container_id, PinnedTo::kProvider);
}

// What was added to a conversation.
void AnswerReader::take_listed(const Parts& listed) {
  add_id(listed.id, PinnedTo::kProvider);
}

void AnswerReader::take_block(const Parts& block) {
  add_sealed(block.signature);
  if (block.type == R"("redacted_thinking")") add_sealed(block.data);
}

void AnswerReader::add_reference(std::string_view value) {
  add_id(value.starts_with('{') ? parts_of(value).id : value, PinnedTo::kProvider);
}

void AnswerReader::add_id(std::string_view value, PinnedTo to) {
  const std::string_view id = text_of(value, storage_);
  if (!id.empty()) add(digest_of_id(id), to);
}

void AnswerReader::add_sealed(std::string_view value) {
  const std::string_view content = text_of(value, storage_);
  if (!content.empty()) add(digest_of_sealed(content), PinnedTo::kTarget);
}

}  // namespace

StableDigest digest_of_id(std::string_view id) {
  return stable_digest(id, kIdSeed);
}

StableDigest digest_of_sealed(std::string_view content) {
  const StableDigest front = stable_digest(content.substr(0, kSealedBytes), kSealedSeed);
  return {stable_mix(front.high, content.size()), stable_mix(front.low, content.size())};
}

std::vector<PinnedId> ids_of_answer(std::string_view text) {
  return AnswerReader().read(text);
}

}  // namespace penstock::wire
