#pragma once

// HTTP/1.1 and server-sent events as text, for tests: builds and reads messages without any code of
// the product. The builders check nothing, so that they can build broken messages too.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::testing {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// --- Requests ---

std::string get(std::string_view target, const HeaderList& headers = {});
// With Content-Type: application/json and a Content-Length.
std::string post(std::string_view target, std::string_view body, const HeaderList& headers = {});

// Any method, without a body.
std::string bare_request(std::string_view method, std::string_view target);

enum class Answer : bool { kWhole, kStream };
// A small chat request's body.
std::string chat_body(std::string_view model = "passthrough/m1", Answer answer = Answer::kWhole);
// post("/v1/chat/completions", chat_body(…)).
std::string chat(Answer answer, std::string_view model = "passthrough/m1");

// --- Answers ---

inline constexpr std::string_view kChatPath = "/v1/chat/completions";

// With a Content-Length.
std::string json_answer(int status, std::string_view body, const HeaderList& headers = {});
// A small chat answer's body, from an upstream's model.
std::string chat_answer_body(std::string_view model = "m1");

// The head of a chunked event stream.
std::string stream_head(const HeaderList& headers = {});
// One chunk of a chunked body.
std::string chunk(std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// --- Events ---

// `data: …` and an empty line.
std::string event(std::string_view data);
// The data of a chat stream's chunk. The second form ends the choice with a finish_reason.
std::string chat_delta(std::string_view content, std::string_view model = "m1");
std::string chat_finish(std::string_view model = "m1");
inline constexpr std::string_view kDone = "data: [DONE]\n\n";
// Two deltas, the finish and [DONE], all as events.
std::string chat_events(std::string_view model = "m1");

// --- Reading ---

struct HeadText {
  std::string text;        // all of it, with the empty line
  std::string start_line;  // without its line end
  HeaderList fields;       // names in lower case
  int status = 0;          // of an answer

  // The first field of that name, which must be in lower case.
  std::optional<std::string> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

// Removes a head from the front of `bytes`; nullopt if its end has not arrived.
std::optional<HeadText> take_head(std::string& bytes);

// Decodes a chunked body piece by piece.
class ChunkedText {
 public:
  // Removes what it can from the front of `bytes`, and appends the data to `body`. False if the
  // coding is broken.
  bool take(std::string& bytes, std::string& body);
  bool done() const { return done_; }

 private:
  bool done_ = false;
};

// Removes an event with its empty line from the front of `text` (lines end in LF); nullopt if it is
// incomplete.
std::optional<std::string> take_event(std::string& text);
// All complete events of `text`.
std::vector<std::string> events_of(std::string text);

}  // namespace penstock::testing
