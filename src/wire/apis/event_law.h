#pragma once

// The law of events: what the events of an API's streamed answer mean, as a table.
//
// It says where the model's name and the usage stand: at the top of an event's object, and in one
// object inside it. And it says how the stream marks its own end. A stream may consist of parts
// (the choices of a chat completion), and states that a part has ended, that the whole has ended,
// or that it failed. Each rule names a place, a key, and the values for which it holds. The same
// key at another place, or with a value of another type, means nothing.
//
// A table can be compared with the API's documentation. wire/apis/stream_end.h applies it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace penstock::wire {

struct EventRule {
  enum class Place : std::uint8_t {
    kTop,   // a member of the event's object
    kPart,  // a member of a part
    kMark,  // the event's whole data, without surrounding white space
    kName,  // the event's name, its `event` field
  };
  enum class Value : std::uint8_t {
    kText,          // a string that is not blank and not one of `texts`
    kTextOrObject,  // a string that is not blank, or a non-empty object
    kIs,            // one of `texts`
  };
  enum class Meaning : std::uint8_t {
    kPartEnds,
    kStreamEnds,     // little can follow
    kStreamIsWhole,  // but more may follow
    kError,
    kProgress,  // not a heartbeat
  };

  Place place;
  std::string_view key;  // letters and underscores
  Value value;
  std::span<const std::string_view> texts;
  Meaning meaning;
};

// The keys of one place that matter. Nearly all others differ from them in length, and nearly all
// of the rest in the first letter.
struct WatchedKeys {
  // What a key is: nothing, the array of parts, a part's number, the object that holds the model's
  // name, the event's number, or the first rule that names it.
  using Watch = std::uint8_t;
  static constexpr Watch kNothing = 0;
  static constexpr Watch kParts = 1;
  static constexpr Watch kPartIndex = 2;
  static constexpr Watch kInner = 3;
  static constexpr Watch kSequence = 4;
  static constexpr Watch kFirstRule = 5;

  static constexpr std::size_t kMax = 8;
  struct Key {
    std::string_view name;
    Watch watch = kNothing;
  };

  // Of two with one name the first counts. An empty name is none.
  constexpr void add(std::string_view name, Watch watch) {
    if (name.empty()) return;
    for (std::size_t i = 0; i < count; ++i) {
      if (keys[i].name == name) return;
    }
    sizes |= std::uint64_t{1} << name.size();
    keys.at(count++) = {name, watch};
  }

  std::uint64_t sizes = 0;  // bit n: one has n letters
  std::array<Key, kMax> keys{};
  std::size_t count = 0;
};

// Where things stand in the events of an API. Empty: nowhere.
struct EventPlaces {
  std::string_view parts = {};       // the top-level array whose objects are the parts
  std::string_view part_index = {};  // a part's number; without one, its position counts
  std::string_view inner = {};       // the top-level object that has `model` and `usage`, too
  std::string_view sequence = {};    // the event's number
};

// Whether a stream must say that it has ended.
enum class StatesItsEnd : bool { kNo, kYes };

// A constant, made by the compiler: all streams of an API share it.
struct EventLaw {
  // Of `rules`, those of one place and key are adjacent.
  constexpr EventLaw(const EventPlaces& places, StatesItsEnd states, std::span<const EventRule> all)
      : rules(all), states_its_end(states == StatesItsEnd::kYes) {
    top_keys.add(places.parts, WatchedKeys::kParts);
    top_keys.add(places.inner, WatchedKeys::kInner);
    top_keys.add(places.sequence, WatchedKeys::kSequence);
    part_keys.add(places.part_index, WatchedKeys::kPartIndex);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const EventRule& rule = rules[i];
      const auto watch = static_cast<WatchedKeys::Watch>(WatchedKeys::kFirstRule + i);
      if (rule.place == EventRule::Place::kTop) top_keys.add(rule.key, watch);
      if (rule.place == EventRule::Place::kPart) part_keys.add(rule.key, watch);
    }
  }

  // Bit i: rule i has this meaning.
  constexpr std::uint32_t rules_of(EventRule::Meaning meaning) const {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].meaning == meaning) bits |= std::uint32_t{1} << i;
    }
    return bits;
  }

  std::span<const EventRule> rules;
  WatchedKeys top_keys;
  WatchedKeys part_keys;
  bool states_its_end;
  // Prepared, since every event asks.
  std::uint32_t error_rules = rules_of(EventRule::Meaning::kError);
  std::uint32_t part_end_rules = rules_of(EventRule::Meaning::kPartEnds);
  std::uint32_t end_rules = rules_of(EventRule::Meaning::kStreamEnds);
  std::uint32_t whole_rules = rules_of(EventRule::Meaning::kStreamIsWhole);
};

// An error has no documented shape within the streams of OpenAI's older APIs: `{"error":{…}}` is
// OpenAI's and nearly everybody's, `{"error":"…"}` is text-generation-inference's,
// `{"object":"error",…}` vLLM's; `{"type":"error",…}` and `event: error` come from Anthropic's API
// and from Responses, and some services send them in other APIs, too. llama.cpp's field `error:` is
// not an error: clients ignore unknown fields.
inline constexpr std::string_view kErrorText[] = {"error"};
inline constexpr EventRule kErrorMember{EventRule::Place::kTop,
                                        "error",
                                        EventRule::Value::kTextOrObject,
                                        {},
                                        EventRule::Meaning::kError};
inline constexpr EventRule kErrorObject{EventRule::Place::kTop, "object", EventRule::Value::kIs,
                                        kErrorText, EventRule::Meaning::kError};
inline constexpr EventRule kErrorType{EventRule::Place::kTop, "type", EventRule::Value::kIs,
                                      kErrorText, EventRule::Meaning::kError};
inline constexpr EventRule kErrorName{EventRule::Place::kName, "event", EventRule::Value::kIs,
                                      kErrorText, EventRule::Meaning::kError};

// In APIs whose events have a type, which nearly all services state twice: as `type` and as the
// event's name. Those with any other type than these are progress.
inline constexpr std::string_view kHeartbeats[] = {"ping", "keepalive", "heartbeat"};
inline constexpr EventRule kAnyType{EventRule::Place::kTop, "type", EventRule::Value::kText,
                                    kHeartbeats, EventRule::Meaning::kProgress};
inline constexpr EventRule kAnyName{EventRule::Place::kName, "event", EventRule::Value::kText,
                                    kHeartbeats, EventRule::Meaning::kProgress};

// The mark of OpenAI's older streams.
inline constexpr std::string_view kDone[] = {"[DONE]"};
inline constexpr EventRule kDoneMark{EventRule::Place::kMark, "", EventRule::Value::kIs, kDone,
                                     EventRule::Meaning::kStreamEnds};

// Chat completions and completions.
// https://platform.openai.com/docs/api-reference/chat-streaming: `finish_reason` is null until the
// chunk that ends the choice; "the stream is terminated by a data: [DONE] message".
// Some services write "not yet" as a string: "", "null", or Python's "None".
inline constexpr std::string_view kNotYet[] = {"null", "None"};
inline constexpr EventRule kCompletionRules[] = {
    {EventRule::Place::kPart, "finish_reason", EventRule::Value::kText, kNotYet,
     EventRule::Meaning::kPartEnds},
    kDoneMark,
    kErrorMember,
    kErrorObject,
    kErrorType,
    kErrorName,
};
inline constexpr EventLaw kCompletionEvents{
    {.parts = "choices", .part_index = "index"}, StatesItsEnd::kYes, kCompletionRules};

// Responses. https://platform.openai.com/docs/api-reference/responses-streaming: the response is in
// the events that create it and in those that end it. There is no `[DONE]`; where a service sends
// one, it passes and means nothing.
inline constexpr std::string_view kResponseEnds[] = {"response.completed", "response.incomplete",
                                                     "response.failed"};
inline constexpr EventRule kResponseRules[] = {
    kErrorMember,
    kErrorType,
    {EventRule::Place::kTop, "type", EventRule::Value::kIs, kResponseEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyType,
    kErrorName,
    {EventRule::Place::kName, "event", EventRule::Value::kIs, kResponseEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyName,
};
inline constexpr EventLaw kResponseEvents{
    {.inner = "response", .sequence = "sequence_number"}, StatesItsEnd::kYes, kResponseRules};

// Messages. https://docs.anthropic.com/en/docs/build-with-claude/streaming: the message is in
// `message_start`.
inline constexpr std::string_view kMessageEnds[] = {"message_stop"};
inline constexpr EventRule kMessageRules[] = {
    kErrorMember,
    kErrorType,
    {EventRule::Place::kTop, "type", EventRule::Value::kIs, kMessageEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyType,
    kErrorName,
    {EventRule::Place::kName, "event", EventRule::Value::kIs, kMessageEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyName,
};
inline constexpr EventLaw kMessageEvents{{.inner = "message"}, StatesItsEnd::kYes, kMessageRules};

// Images. https://platform.openai.com/docs/api-reference/images-streaming: each image has its own
// last event. Some services add `[DONE]`.
inline constexpr std::string_view kImageEnds[] = {"image_generation.completed",
                                                  "image_edit.completed"};
inline constexpr EventRule kImageRules[] = {
    kErrorMember,
    kErrorType,
    {EventRule::Place::kTop, "type", EventRule::Value::kIs, kImageEnds,
     EventRule::Meaning::kStreamIsWhole},
    kAnyType,
    kErrorName,
    {EventRule::Place::kName, "event", EventRule::Value::kIs, kImageEnds,
     EventRule::Meaning::kStreamIsWhole},
    kAnyName,
    kDoneMark,
};
inline constexpr EventLaw kImageEvents{{}, StatesItsEnd::kYes, kImageRules};

// Speech and transcriptions. https://platform.openai.com/docs/api-reference/audio: likewise.
inline constexpr std::string_view kAudioEnds[] = {"speech.audio.done", "transcript.text.done"};
inline constexpr EventRule kAudioRules[] = {
    kErrorMember,
    kErrorType,
    {EventRule::Place::kTop, "type", EventRule::Value::kIs, kAudioEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyType,
    kErrorName,
    {EventRule::Place::kName, "event", EventRule::Value::kIs, kAudioEnds,
     EventRule::Meaning::kStreamEnds},
    kAnyName,
    kDoneMark,
};
inline constexpr EventLaw kAudioEvents{{}, StatesItsEnd::kYes, kAudioRules};

// What is not known: it ends as its framing says.
inline constexpr EventRule kOtherRules[] = {kErrorMember, kErrorObject, kErrorType, kErrorName,
                                            kDoneMark};
inline constexpr EventLaw kOtherEvents{{}, StatesItsEnd::kNo, kOtherRules};

}  // namespace penstock::wire
