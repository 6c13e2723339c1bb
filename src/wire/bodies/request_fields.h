#pragma once

// The check of request bodies: what routing needs to know of a JSON body, and its position.
//
// The body is scanned, never rebuilt. It must be one JSON object, strictly by RFC 8259, in UTF-8,
// with a `model` that is a non-empty string without control characters. Anything that a service
// could read as a different `model` or `stream` is refused: a repeated top-level key (compared
// after unescaping), one that differs from `model` or `stream` only in case, one with a NUL.
// docs/compatibility.md has the whole table. Everything else is left to the upstream.
//
// Bodies of some routes name their model elsewhere (ModelIn), and those of batches name many. All
// of these places are found, also those that a service might not read.

#include <array>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/small_text.h"
#include "wire/json/check.h"

namespace penstock::wire {

struct RequestLimits {
  std::size_t keys = 1024;         // at the top level
  std::size_t depth = 64;          // of arrays and objects, including the body's own
  std::size_t model_bytes = 1024;  // of the model's name, unescaped
};

// Where bodies name their model.
enum class ModelIn : std::uint8_t {
  kTop,       // `model`
  kSession,   // `session.model`, or at the top
  kRequests,  // `requests[].params.model`: batches of Messages
};
enum class ModelIs : bool { kOptional, kRequired };

struct RequestShape {
  ModelIn model_in = ModelIn::kTop;
  ModelIs model_is = ModelIs::kRequired;
};

// A place in the body that names a model.
struct ModelPlace {
  std::size_t begin = 0;  // the value's span, including quotes
  std::size_t end = 0;
  std::size_t name = 0;  // its position in RequestFields::names
};

struct RequestFields {
  // In the order of the body.
  std::span<const ModelPlace> places() const {
    return more_places.empty() ? std::span(&first_place, first_place.end == 0 ? 0 : 1)
                               : std::span<const ModelPlace>(more_places);
  }

  ModelPlace first_place;               // nearly every body has one
  std::vector<ModelPlace> more_places;  // all of them, if there are several
  std::vector<std::string> more_names;  // the further ones; RequestReader::model() is the name 0
  bool stream = false;                  // top-level `stream` is the literal true
};

// Reads one body, which must outlive it. Allocates nothing, except for bodies of more than 24 keys,
// for keys with escapes, for long model names, and for bodies with several names.
class RequestReader {
 public:
  // Of a batch; Anthropic's own limit is as large.
  static constexpr std::size_t kPlacesMax = 100'000;
  static constexpr std::size_t kNamesMax = 64;

  RequestReader(std::string_view body, const RequestLimits& limits, RequestShape shape = {});
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Continues reading. Nullopt if the body needs more than `work`, a nanosecond or two for each
  // unit; the next call then continues. Errors are kInvalidRequest, with a message that names the
  // byte or the key; it never repeats the body's contents, except a key.
  std::optional<Result<RequestFields>> proceed(std::size_t work);

  // Unescaped; valid after proceed() has returned the fields, and as long as this object. Empty if
  // the body names none.
  std::string_view model() const { return model_.view(); }

 private:
  // Up to this many, comparing every key with every other is fastest.
  static constexpr std::size_t kComparedKeysMax = 24;

  struct Key {
    std::size_t hash = 0;
    std::string_view text;
  };

  Status take_member(const JsonCheck::Member& member);
  Status take_inner(const JsonCheck::Member& member);
  std::size_t inner_work() const;
  Error missing_model() const;
  Status add_key(std::string_view key);
  Status read_model(const JsonCheck::Member& member);
  Status add_place(std::string_view model, const JsonCheck::Member& member);
  std::optional<Result<RequestFields>> end_with_utf8(std::size_t work);
  Result<RequestFields> finish();
  Error fault() const;

  std::string_view body_;
  RequestLimits limits_;
  RequestShape shape_;
  JsonCheck check_;
  RequestFields fields_;
  std::size_t key_count_ = 0;
  std::array<std::string_view, kComparedKeysMax> keys_;  // the first ones
  std::vector<Key> many_keys_;                           // all of them, if there are more
  std::forward_list<std::string> unescaped_;             // unescaped copies of keys with escapes
  SmallText<128> model_;
};

// The whole of a body in one go.
Result<RequestFields> read_request(RequestReader& reader);

}  // namespace penstock::wire
