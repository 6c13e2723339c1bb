#pragma once

// Reading an upstream's model list (OpenAI API, GET /v1/models) as it arrives.
//
// The list is `{"data":[{"id":…, "custom_metadata":{…}}, …], "has_more":…, "last_id":…}`, or the
// array alone; some services have another shape (config/endpoint.h). The
// reader splits it into entries only by brackets and quotes, and holds one entry at a time; each is
// then read separately, within bounds (core/json_reader.h). So a list of any length costs the
// memory of its largest entry, no part of it takes long, and an invalid entry is left out without
// affecting the others.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "config/settings.h"
#include "core/json_reader.h"
#include "core/result.h"
#include "models/keyed_hash.h"
#include "models/metadata.h"

namespace penstock::models {

struct ListedModel {
  std::string id;
  std::string type = "llm";
  bool type_is_stated = false;  // custom_metadata.model_type names one of the known types
  Metadata metadata;            // custom_metadata without what the gateway says of providers
  std::string further_members;  // of the entry (models/model.h)
};

// server.limits.model_list_… and related limits.
struct ListBounds {
  static ListBounds of(const config::Limits& limits);

  std::size_t bytes;        // of all pages together
  std::size_t entries;      // that are taken, likewise
  std::size_t entry_bytes;  // an entry as written
  std::size_t pages;
  std::size_t id_bytes;
  std::size_t metadata_bytes;
  JsonBounds json;  // of an entry
};

// What was left out of a list.
struct ListNotes {
  std::size_t left_out = 0;   // entries
  std::string first_fault;    // of those: "entry 3: malformed JSON at byte 17"
  std::string cut_short;      // why the rest of the list was not read; empty: it was
  std::vector<Limit> limits;  // that were reached, each once

  // A sentence for the log; empty if there is nothing to report.
  std::string text() const;
  void hit(Limit limit);
};

class ListReader {
 public:
  using Take = std::function<void(ListedModel)>;

  // `take` gets each model in the upstream's order, the first of two with the same id.
  ListReader(const ListBounds& bounds, Take take,
             config::ModelListing::Shape shape = config::ModelListing::Shape::kData);

  // What a page says about further ones.
  struct Page {
    bool has_more = false;
    std::string last_id;  // where the next one continues; if it is not stated, the last entry's id
  };

  // One page: its body in parts, cut anywhere, and then its end. Fails with
  // kUpstreamInvalidResponse if it is not a list, or is too long.
  Status feed(std::string_view part);
  Result<Page> end_page();

  // The error for a list over its limit.
  Error too_long() const;
  // The maximum number of entries was taken: further pages are useless.
  bool is_full() const { return taken_ >= bounds_.entries; }
  ListNotes& notes() { return notes_; }

 private:
  // What comes next in the page.
  enum class State {
    kStart,
    kFirstMember,  // or the end of the object
    kMember,
    kColon,
    kMemberValue,
    kAfterMember,
    kFirstEntry,  // or the end of the list
    kEntry,
    kAfterEntry,
    kEnd,
  };
  // The part that is being read, and held if needed.
  enum class Part { kNone, kKey, kMemberValue, kEntry };
  enum class Shape { kScalar, kString, kNested };

  bool step(char next);
  bool begin_answer(char next);
  void end_list();
  bool begin_member_value(char next);
  bool begin(Part part, char next, std::size_t held_max);
  std::size_t pass(std::string_view rest);
  bool is_over(char next);
  void hold(std::string_view bytes);
  bool end_part();
  void end_entry();
  void end_member();
  void read_entry();
  void leave_out(std::string_view why, std::optional<Limit> limit);
  Error broken() const;

  const ListBounds bounds_;
  const Take take_;
  const config::ModelListing::Shape list_shape_;
  ListNotes notes_;
  std::unordered_set<std::string, KeyedHash, std::equal_to<>> seen_;  // ids
  std::size_t bytes_ = 0;
  std::size_t entries_ = 0;
  std::size_t taken_ = 0;

  // Of the current page.
  State state_ = State::kStart;
  std::size_t position_ = 0;
  bool has_list_ = false;
  bool is_array_alone_ = false;
  Page page_;
  std::string last_id_;  // of the entries so far
  std::string key_;

  // Of the current part.
  Part part_ = Part::kNone;
  Shape shape_ = Shape::kScalar;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  std::size_t held_max_ = 0;
  bool too_long_ = false;
  std::string held_;
};

}  // namespace penstock::models
