#include "sim/conversation_routes.h"

#include <algorithm>
#include <utility>

#include "sim/json_text.h"
#include "sim/responses.h"

namespace penstock::sim {
namespace {

constexpr std::string_view kConversation = "Conversation";

Json metadata_of(const Json& body) {
  const Json* metadata = member(body, "metadata");
  return metadata != nullptr ? *metadata : Json::object();
}

// The items of the body's member `items`, with ids.
Json items_of(const Call& call) {
  const Json* items = member(call.body, "items");
  if (items == nullptr || !items->is_array()) return Json::array();
  return input_items_of({{"input", *items}}, call.store.next_number() << 16);
}

void append(Json& items, const Json& more) {
  items.insert(items.end(), more.begin(), more.end());
}

Result<KeptConversation> find_conversation(const Call& call) {
  if (auto kept = call.store.conversations.get(call.ids[0])) return std::move(*kept);
  return not_found(kConversation, call.ids[0]);
}

auto find_item(Json& items, const std::string& id) {
  return std::find_if(items.begin(), items.end(),
                      [&id](const Json& item) { return text_member(item, "id") == id; });
}

}  // namespace

Result<Made> create_conversation(const Call& call) {
  KeptConversation kept;
  kept.object = {{"id", "conv_" + hex(call.store.next_number())},
                 {"object", "conversation"},
                 {"created_at", kCreatedSeconds},
                 {"metadata", metadata_of(call.body)}};
  append(kept.items, items_of(call));
  call.store.conversations.put(kept.object["id"], kept);
  return made_of(kept.object);
}

Result<Made> retrieve_conversation(const Call& call) {
  const Result<KeptConversation> kept = find_conversation(call);
  if (!kept) return failure(kept.error());
  return made_of(kept->object);
}

Result<Made> update_conversation(const Call& call) {
  const auto kept = call.store.conversations.change(call.ids[0], [&call](KeptConversation& found) {
    found.object["metadata"] = metadata_of(call.body);
  });
  if (!kept) return not_found(kConversation, call.ids[0]);
  return made_of(kept->object);
}

Result<Made> delete_conversation(const Call& call) {
  if (!call.store.conversations.erase(call.ids[0])) return not_found(kConversation, call.ids[0]);
  return made_of({{"id", call.ids[0]}, {"object", "conversation.deleted"}, {"deleted", true}});
}

Result<Made> add_conversation_items(const Call& call) {
  Json added = Json::array();
  append(added, items_of(call));
  const auto add = [&added](KeptConversation& found) { append(found.items, added); };
  if (!call.store.conversations.change(call.ids[0], add))
    return not_found(kConversation, call.ids[0]);
  return made_of(list_of(std::move(added)));
}

Result<Made> list_conversation_items(const Call& call) {
  Result<KeptConversation> kept = find_conversation(call);
  if (!kept) return failure(kept.error());
  return made_of(list_of(std::move(kept->items)));
}

Result<Made> retrieve_conversation_item(const Call& call) {
  Result<KeptConversation> kept = find_conversation(call);
  if (!kept) return failure(kept.error());
  const auto item = find_item(kept->items, call.ids[1]);
  if (item == kept->items.end()) return not_found("Item", call.ids[1]);
  return made_of(*item);
}

Result<Made> delete_conversation_item(const Call& call) {
  bool erased = false;
  const auto erase = [&call, &erased](KeptConversation& found) {
    const auto item = find_item(found.items, call.ids[1]);
    erased = item != found.items.end();
    if (erased) found.items.erase(item);
  };
  const auto kept = call.store.conversations.change(call.ids[0], erase);
  if (!kept) return not_found(kConversation, call.ids[0]);
  if (!erased) return not_found("Item", call.ids[1]);
  return made_of(kept->object);
}

Status add_to_conversation(const Call& call, const Json& input, const Json& output) {
  const Json* named = member(call.body, "conversation");
  if (named == nullptr) return {};
  const std::string id = named->is_string() ? named->get<std::string>() : text_member(*named, "id");
  const auto add = [&](KeptConversation& found) {
    append(found.items, input);
    append(found.items, output);
  };
  if (call.store.conversations.change(id, add)) return {};
  return not_found(kConversation, id);
}

}  // namespace penstock::sim
