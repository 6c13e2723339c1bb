#include "models/listing.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace penstock::models {
namespace {

// The members of a page that are read are short.
constexpr std::size_t kKeyBytesMax = 64;
constexpr std::size_t kMemberBytesMax = 4096;

// Members of an entry that the gateway's list writes itself.
constexpr std::array<std::string_view, 5> kOwnMembers = {"id", "object", "created", "owned_by",
                                                         "custom_metadata"};
// Members of custom_metadata, likewise.
constexpr std::array<std::string_view, 2> kOwnMetadata = {"provider_id", "provider_resource_id"};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_model_type(std::string_view text) {
  return text == "llm" || text == "embedding" || text == "rerank";
}

using ListShape = config::ModelListing::Shape;

// Where a shape has its entries and their ids.
struct MemberNames {
  std::string_view list;
  std::string_view id;
};
MemberNames names_of(ListShape shape) {
  if (shape == ListShape::kServingEndpoints) return {"endpoints", "name"};
  if (shape == ListShape::kOneModel) return {"", "model_id"};
  return {"data", "id"};
}

// Databricks names the task of an endpoint; text-embeddings-inference has nothing but embedding
// models and rerankers, with `{"reranker":{…}}` in its model_type.
void note_type(const JsonValue& entry, ListedModel& model) {
  const std::optional<JsonValue> task = entry.find("task");
  const std::optional<JsonValue> type = entry.find("model_type");
  if (type && type->is_object()) {
    model.type = type->find("reranker") ? "rerank" : "embedding";
  } else if (task && task->is_text("llm/v1/embeddings")) {
    model.type = "embedding";
  }
  model.type_is_stated = model.type != "llm";
}

Error invalid_list(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamInvalidResponse, RetryClass::kNever,
                         std::move(message));
}

std::string further_members(const JsonValue& entry) {
  std::string members;
  for (const JsonMember member : entry.members()) {
    const bool is_own = std::ranges::any_of(
        kOwnMembers, [&](std::string_view name) { return member.key->is_text(name); });
    if (is_own) continue;
    if (!members.empty()) members.push_back(',');
    members.append(member.raw());
  }
  return members;
}

}  // namespace

ListBounds ListBounds::of(const config::Limits& limits) {
  return {.bytes = limits.model_list_bytes,
          .entries = limits.model_list_entries,
          .entry_bytes = limits.model_list_entry_bytes,
          .pages = limits.model_list_pages,
          .id_bytes = limits.model_id_bytes,
          .metadata_bytes = limits.metadata_bytes,
          .json = limits.json()};
}

std::string ListNotes::text() const {
  std::string text;
  if (left_out == 1) text = "1 entry of its list of models is left out; " + first_fault;
  if (left_out > 1) {
    text = std::to_string(left_out) + " entries of its list of models are left out; the first is " +
           first_fault;
  }
  if (!text.empty() && !cut_short.empty()) text.append("; ");
  return text.append(cut_short);
}

void ListNotes::hit(Limit limit) {
  if (std::ranges::find(limits, limit) == limits.end()) limits.push_back(limit);
}

ListReader::ListReader(const ListBounds& bounds, Take take, config::ModelListing::Shape shape)
    : bounds_(bounds), take_(std::move(take)), list_shape_(shape) {}

Error ListReader::broken() const {
  return invalid_list("the upstream's answer is not a model list: unexpected text at byte " +
                      std::to_string(position_));
}

Error ListReader::too_long() const {
  return invalid_list("the upstream's model list is longer than " + std::to_string(bounds_.bytes) +
                      " bytes")
      .at_limit(Limit::kModelListBytes);
}

Status ListReader::feed(std::string_view part) {
  bytes_ += part.size();
  if (bytes_ > bounds_.bytes) return failure(too_long());
  while (!part.empty()) {
    std::size_t passed = 1;
    if (part_ != Part::kNone) {
      passed = pass(part);
      if (part_ != Part::kNone && passed == 0 && !end_part()) return failure(broken());
    } else if (!is_space(part.front()) && !step(part.front())) {
      return failure(broken());
    }
    position_ += passed;
    part.remove_prefix(passed);
  }
  return {};
}

Result<ListReader::Page> ListReader::end_page() {
  if (state_ != State::kEnd || !has_list_) {
    return failure(invalid_list("the upstream's answer is not a model list"));
  }
  state_ = State::kStart;
  position_ = 0;
  has_list_ = false;
  is_array_alone_ = false;
  if (page_.last_id.empty()) page_.last_id = std::move(last_id_);
  last_id_.clear();
  return std::exchange(page_, Page());
}

// A byte between two parts, not white space.
bool ListReader::step(char next) {
  switch (state_) {
    case State::kStart:
      if (position_ < kByteOrderMark.size() && kByteOrderMark[position_] == next) return true;
      return begin_answer(next);
    case State::kFirstMember:
    case State::kMember:
      if (next == '}' && state_ == State::kFirstMember) {
        state_ = State::kEnd;
        return true;
      }
      return next == '"' && begin(Part::kKey, next, kKeyBytesMax);
    case State::kColon:
      state_ = State::kMemberValue;
      return next == ':';
    case State::kMemberValue:
      return begin_member_value(next);
    case State::kAfterMember:
      state_ = next == '}' ? State::kEnd : State::kMember;
      return next == '}' || next == ',';
    case State::kFirstEntry:
    case State::kEntry:
      if (next == ']' && state_ == State::kFirstEntry) {
        end_list();
        return true;
      }
      return begin(Part::kEntry, next, bounds_.entry_bytes);
    case State::kAfterEntry:
      if (next == ']') {
        end_list();
      } else {
        state_ = State::kEntry;
      }
      return next == ']' || next == ',';
    case State::kEnd:
      return false;
  }
  return false;
}

bool ListReader::begin_answer(char next) {
  if (list_shape_ == ListShape::kOneModel) {
    has_list_ = true;
    return begin(Part::kEntry, next, bounds_.entry_bytes);
  }
  is_array_alone_ = next == '[' && list_shape_ == ListShape::kData;
  has_list_ = is_array_alone_;
  state_ = is_array_alone_ ? State::kFirstEntry : State::kFirstMember;
  return is_array_alone_ || next == '{';
}

void ListReader::end_list() {
  state_ = is_array_alone_ ? State::kEnd : State::kAfterMember;
}

bool ListReader::begin_member_value(char next) {
  if (key_ != names_of(list_shape_).list) {
    const bool is_read = key_ == "has_more" || key_ == "last_id";
    return begin(Part::kMemberValue, next, is_read ? kMemberBytesMax : 0);
  }
  if (has_list_ || next != '[') return false;
  has_list_ = true;
  state_ = State::kFirstEntry;
  return true;
}

// Only the beginning of a part is checked here: its contents are checked by those who read it.
bool ListReader::begin(Part part, char next, std::size_t held_max) {
  if (next == ',' || next == ':' || next == ']' || next == '}') return false;
  part_ = part;
  shape_ = Shape::kScalar;
  if (next == '"') shape_ = Shape::kString;
  if (next == '{' || next == '[') shape_ = Shape::kNested;
  in_string_ = next == '"';
  depth_ = shape_ == Shape::kNested ? 1 : 0;
  escaped_ = false;
  too_long_ = false;
  held_max_ = held_max;
  held_.clear();
  hold({&next, 1});
  return true;
}

void ListReader::hold(std::string_view bytes) {
  if (too_long_) return;
  too_long_ = bytes.size() > held_max_ - held_.size();
  if (too_long_) {
    std::string().swap(held_);
  } else {
    held_.append(bytes);
  }
}

// Skips what belongs to the current part, and ends the part at its end. Returns how many bytes that
// were: none if a scalar ended before them.
std::size_t ListReader::pass(std::string_view rest) {
  std::size_t at = 0;
  while (at < rest.size()) {
    if (in_string_ && !escaped_) at += plain_json_bytes(rest.substr(at));
    if (at == rest.size()) break;
    const char next = rest[at];
    if (shape_ == Shape::kScalar) {
      if (is_space(next) || next == ',' || next == ']' || next == '}') break;
      ++at;
      continue;
    }
    ++at;
    if (!is_over(next)) continue;
    hold(rest.substr(0, at));
    end_part();
    return at;
  }
  hold(rest.substr(0, at));
  return at;
}

// Takes the next byte of a string or a nested value; returns whether it is the last one.
bool ListReader::is_over(char next) {
  if (in_string_) {
    if (escaped_) {
      escaped_ = false;
    } else if (next == '\\') {
      escaped_ = true;
    } else if (next == '"') {
      in_string_ = false;
    }
    return !in_string_ && depth_ == 0;
  }
  if (next == '"') in_string_ = true;
  if (next == '{' || next == '[') ++depth_;
  if (next == '}' || next == ']') --depth_;
  return depth_ == 0;
}

bool ListReader::end_part() {
  switch (std::exchange(part_, Part::kNone)) {
    case Part::kKey: {
      // A key that is invalid or too long is none that matters.
      const auto document = JsonDocument::read(held_);
      key_ = document && !too_long_ ? document->root().text() : std::string();
      state_ = State::kColon;
      return true;
    }
    case Part::kMemberValue:
      end_member();
      state_ = State::kAfterMember;
      return true;
    case Part::kEntry:
      end_entry();
      state_ = list_shape_ == ListShape::kOneModel ? State::kEnd : State::kAfterEntry;
      return true;
    case Part::kNone:
      break;
  }
  return false;
}

void ListReader::end_member() {
  if (too_long_) return;
  const auto document = JsonDocument::read(held_);
  if (!document) return;
  if (key_ == "has_more") page_.has_more = document->root().kind() == JsonValue::Kind::kTrue;
  if (key_ == "last_id" && document->root().is_string()) page_.last_id = document->root().text();
}

void ListReader::end_entry() {
  ++entries_;
  if (is_full()) {
    notes_.cut_short =
        "only the first " + std::to_string(bounds_.entries) + " models of its list are used";
    notes_.hit(Limit::kModelListEntries);
  } else if (too_long_) {
    leave_out("it is longer than " + std::to_string(bounds_.entry_bytes) + " bytes",
              Limit::kModelListEntryBytes);
  } else {
    read_entry();
  }
}

void ListReader::leave_out(std::string_view why, std::optional<Limit> limit) {
  if (notes_.left_out++ == 0) {
    notes_.first_fault = "entry " + std::to_string(entries_) + ": ";
    notes_.first_fault.append(why);
  }
  if (limit) notes_.hit(*limit);
}

void ListReader::read_entry() {
  const auto document = JsonDocument::read(held_, bounds_.json);
  if (!document) {
    return leave_out(document.error().message(), document.error().limit());
  }
  const JsonValue entry = document->root();
  const std::optional<JsonValue> id = entry.find(names_of(list_shape_).id);
  if (!id || !id->is_string()) return leave_out("it has no id", std::nullopt);
  ListedModel model;
  model.id = id->text();
  if (model.id.size() > bounds_.id_bytes) {
    return leave_out("its id is too long", Limit::kModelIdBytes);
  }
  if (model.id.empty() || has_control_character(model.id)) {
    return leave_out("its id cannot be used", std::nullopt);
  }
  if (const auto custom = entry.find("custom_metadata"); custom && custom->is_object()) {
    const auto type = custom->find("model_type");
    if (type && is_model_type(type->text())) {
      model.type = type->text();
      model.type_is_stated = true;
    }
    std::string kept = without_members(*custom, kOwnMetadata);
    if (kept.size() > bounds_.metadata_bytes) {
      return leave_out("its metadata is too long", Limit::kMetadataBytes);
    }
    model.metadata = Metadata(std::move(kept));
  }
  if (list_shape_ != ListShape::kData) note_type(entry, model);
  last_id_ = model.id;
  if (!seen_.insert(model.id).second) return;
  // What the others say is about the service, not for clients.
  if (list_shape_ == ListShape::kData) model.further_members = further_members(entry);
  ++taken_;
  take_(std::move(model));
}

}  // namespace penstock::models
