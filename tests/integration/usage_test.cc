// The tokens that an answer states, in the access log and in the metrics: of each API, whole and
// streamed, by one definition (docs/metrics.md). The texts are those of the APIs' documentation.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "integration/json_answer.h"
#include "support/gateway_test.h"
#include "support/paths.h"

namespace penstock::testing {
namespace {

constexpr std::array kFields = {"prompt_tokens", "completion_tokens",  "total_tokens",
                                "cached_tokens", "cache_write_tokens", "reasoning_tokens"};

// What a line of the access log says about tokens.
Json tokens_of(const Json& line) {
  Json tokens = Json::object();
  for (const char* field : kFields) {
    if (line.contains(field)) tokens[field] = line[field];
  }
  return tokens;
}

// An answer, and what is told of it.
struct Stated {
  std::string_view path;
  std::string_view answer;  // one object, or the data of events, one on each line
  std::string_view tokens;

  friend std::ostream& operator<<(std::ostream& out, const Stated& row) { return out << row.path; }
};

class Usage : public GatewayTest {
 protected:
  void answer_whole(std::string_view text) {
    upstream.answer_next(Script().send(json_answer(200, text)));
  }
  void answer_with_events(std::string_view lines) {
    std::string events;
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      events += event(line);
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    upstream.answer_next(Script().send(stream_head()).send(chunk(events)).send(kLastChunk));
  }
  void ask(std::string_view request) {
    client_.ask(request);
    ++asked_;
  }
  // A line of the log for each request.
  std::vector<Json> lines() {
    std::vector<Json> lines;
    for (const std::string& line : service().access_log(asked_)) lines.push_back(Json::parse(line));
    return lines;
  }
  Json line_of(std::string_view request) {
    ask(request);
    return lines().back();
  }
  double counted(std::string_view family, std::string_view kind) {
    return service().metric(
        fmt::format(R"(penstock_{}_total{{provider="passthrough",kind="{}"}})", family, kind));
  }
  // That the metrics have counted what is in the log.
  void expect_counted(const Json& tokens) {
    const auto logged = [&](const char* field) { return tokens.value(field, 0.0); };
    EXPECT_EQ(counted("tokens", "prompt"), logged("prompt_tokens"));
    EXPECT_EQ(counted("tokens", "completion"), logged("completion_tokens"));
    EXPECT_EQ(counted("token_details", "cached"), logged("cached_tokens"));
    EXPECT_EQ(counted("token_details", "cache_write"), logged("cache_write_tokens"));
    EXPECT_EQ(counted("token_details", "reasoning"), logged("reasoning_tokens"));
  }

 private:
  RawClient client_ = connect();
  std::size_t asked_ = 0;
};

// --- Whole answers ---

class WholeUsage : public Usage, public ::testing::WithParamInterface<Stated> {};

TEST_P(WholeUsage, IsToldByOneDefinition) {
  answer_whole(GetParam().answer);
  const Json line = line_of(post(GetParam().path, R"({"model":"passthrough/m1"})"));
  EXPECT_EQ(tokens_of(line), Json::parse(GetParam().tokens));
  EXPECT_EQ(line["stream"], false);
  expect_counted(tokens_of(line));
}

INSTANTIATE_TEST_SUITE_P(
    Apis, WholeUsage,
    ::testing::Values(
        Stated{"/v1/chat/completions",
               R"({"model":"m1","usage":{"prompt_tokens":19,"completion_tokens":10,)"
               R"("total_tokens":29,"prompt_tokens_details":{"cached_tokens":4},)"
               R"("completion_tokens_details":{"reasoning_tokens":6}}})",
               R"({"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,)"
               R"("cached_tokens":4,"reasoning_tokens":6})"},
        Stated{"/v1/completions",
               R"({"model":"m1","usage":{"prompt_tokens":5,"completion_tokens":7,)"
               R"("total_tokens":12,"prompt_tokens_details":null}})",
               R"({"prompt_tokens":5,"completion_tokens":7,"total_tokens":12})"},
        Stated{"/v1/responses",
               R"({"model":"m1","usage":{"input_tokens":36,"input_tokens_details":)"
               R"({"cached_tokens":2},"output_tokens":87,"output_tokens_details":)"
               R"({"reasoning_tokens":0},"total_tokens":123}})",
               R"({"prompt_tokens":36,"completion_tokens":87,"total_tokens":123,)"
               R"("cached_tokens":2,"reasoning_tokens":0})"},
        Stated{"/v1/messages",
               R"({"model":"m1","usage":{"input_tokens":50,"cache_creation_input_tokens":248,)"
               R"("cache_read_input_tokens":1800,"output_tokens":503}})",
               R"({"prompt_tokens":2098,"completion_tokens":503,"total_tokens":2601,)"
               R"("cached_tokens":1800,"cache_write_tokens":248})"},
        Stated{"/v1/embeddings",
               R"({"model":"m1","data":[],"usage":{"prompt_tokens":8,"total_tokens":8}})",
               R"({"prompt_tokens":8,"total_tokens":8})"},
        Stated{"/v1/rerank", R"({"model":"m1","usage":{"total_tokens":15},"results":[]})",
               R"({"prompt_tokens":15,"total_tokens":15})"},
        Stated{"/v2/rerank", R"({"results":[],"meta":{"billed_units":{"search_units":1}}})", "{}"},
        Stated{"/v1/images/generations",
               R"({"created":1,"usage":{"total_tokens":100,"input_tokens":50,)"
               R"("output_tokens":50,"input_tokens_details":{"text_tokens":10}}})",
               R"({"prompt_tokens":50,"completion_tokens":50,"total_tokens":100})"},
        Stated{"/v1/messages/count_tokens", R"({"input_tokens":9})", "{}"},
        Stated{"/v1/responses/input_tokens",
               R"({"object":"response.input_tokens","input_tokens":9})", "{}"}));

// --- Streams ---

class StreamedUsage : public Usage, public ::testing::WithParamInterface<Stated> {};

TEST_P(StreamedUsage, IsToldByOneDefinition) {
  answer_with_events(GetParam().answer);
  const Json line = line_of(post(GetParam().path, R"({"model":"passthrough/m1","stream":true})"));
  EXPECT_EQ(line["ending"], "completed");
  EXPECT_EQ(tokens_of(line), Json::parse(GetParam().tokens));
  EXPECT_EQ(line["stream"], true);
  expect_counted(tokens_of(line));
}

INSTANTIATE_TEST_SUITE_P(
    Apis, StreamedUsage,
    ::testing::Values(
        Stated{"/v1/chat/completions",
               R"({"model":"m1","choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],)"
               R"("usage":null})"
               "\n"
               R"({"model":"m1","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,)"
               R"("total_tokens":29,"prompt_tokens_details":{"cached_tokens":4},)"
               R"("completion_tokens_details":{"reasoning_tokens":6}}})"
               "\n[DONE]",
               R"({"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,)"
               R"("cached_tokens":4,"reasoning_tokens":6})"},
        // Some services state what was used until then, in each event.
        Stated{"/v1/completions",
               R"({"model":"m1","choices":[{"text":"a"}],"usage":{"prompt_tokens":5,)"
               R"("completion_tokens":1,"total_tokens":6}})"
               "\n"
               R"({"model":"m1","choices":[{"text":"b","finish_reason":"stop"}],)"
               R"("usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})"
               "\n[DONE]",
               R"({"prompt_tokens":5,"completion_tokens":2,"total_tokens":7})"},
        Stated{"/v1/responses",
               R"({"type":"response.created","response":{"model":"m1","usage":null}})"
               "\n"
               R"({"type":"response.completed","response":{"model":"m1","usage":)"
               R"({"input_tokens":36,"input_tokens_details":{"cached_tokens":2},)"
               R"("output_tokens":87,"output_tokens_details":{"reasoning_tokens":9},)"
               R"("total_tokens":123}}})",
               R"({"prompt_tokens":36,"completion_tokens":87,"total_tokens":123,)"
               R"("cached_tokens":2,"reasoning_tokens":9})"},
        Stated{"/v1/messages",
               R"({"type":"message_start","message":{"model":"m1","usage":{"input_tokens":25,)"
               R"("cache_read_input_tokens":7,"cache_creation_input_tokens":3,)"
               R"("output_tokens":1}}})"
               "\n"
               R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
               R"("usage":{"output_tokens":15}})"
               "\n"
               R"({"type":"message_stop"})",
               R"({"prompt_tokens":35,"completion_tokens":15,"total_tokens":50,)"
               R"("cached_tokens":7,"cache_write_tokens":3})"},
        Stated{"/v1/images/generations",
               R"({"type":"image_generation.partial_image","b64_json":"iVBO"})"
               "\n"
               R"({"type":"image_generation.completed","b64_json":"iVBO",)"
               R"("usage":{"input_tokens":9,"output_tokens":20,"total_tokens":29}})",
               R"({"prompt_tokens":9,"completion_tokens":20,"total_tokens":29})"},
        Stated{"/v1/audio/speech",
               R"({"type":"speech.audio.delta","audio":"SUQz"})"
               "\n"
               R"({"type":"speech.audio.done",)"
               R"("usage":{"input_tokens":14,"output_tokens":101,"total_tokens":115}})",
               R"({"prompt_tokens":14,"completion_tokens":101,"total_tokens":115})"}));

// --- What is counted ---

TEST_F(Usage, OfAStoredObjectIsNotCountedAgain) {
  constexpr std::string_view kStored =
      R"({"id":"resp_1","model":"m1","usage":{"input_tokens":3,"output_tokens":4}})";
  answer_whole(kStored);
  line_of(post("/v1/responses", R"({"model":"passthrough/m1"})"));
  answer_whole(kStored);
  EXPECT_EQ(tokens_of(line_of(get("/v1/responses/resp_1"))), Json::object());
  answer_whole(kStored);
  EXPECT_EQ(tokens_of(line_of(post("/v1/responses/resp_1/cancel", "{}"))), Json::object());
  EXPECT_EQ(counted("tokens", "prompt"), 3);
  EXPECT_EQ(counted("tokens", "completion"), 4);
}

TEST_F(Usage, OfAStreamThatBreaksIsToldAsFarAsItWasStated) {
  answer_with_events(R"({"type":"message_start","message":{"usage":{"input_tokens":25,)"
                     R"("output_tokens":1}}})");
  const Json line = line_of(post("/v1/messages", R"({"model":"passthrough/m1","stream":true})"));
  EXPECT_EQ(line["ending"], "upstream_reset");
  EXPECT_EQ(tokens_of(line), Json::parse(R"({"prompt_tokens":25,"completion_tokens":1,)"
                                         R"("total_tokens":26})"));
}

// What a recorded usage says, as another JSON library reads it.
Json recorded_tokens(const Json& usage) {
  Json tokens = Json::object();
  const auto take = [&](const char* field, const Json& object, const char* key) {
    if (object.is_object() && object.contains(key) && !object[key].is_null()) {
      tokens[field] = object[key];
    }
  };
  take("prompt_tokens", usage, "prompt_tokens");
  take("completion_tokens", usage, "completion_tokens");
  take("total_tokens", usage, "total_tokens");
  take("cached_tokens", usage.value("prompt_tokens_details", Json()), "cached_tokens");
  take("reasoning_tokens", usage.value("completion_tokens_details", Json()), "reasoning_tokens");
  return tokens;
}

TEST_F(Usage, OfEveryRecordedAnswerIsTold) {
  std::ifstream recordings(PENSTOCK_RECORDINGS);
  std::vector<Json> expected;
  for (std::string text; std::getline(recordings, text);) {
    const Json exchange = Json::parse(text);
    const std::string path = exchange["endpoint"];
    if (path == "/v1/models") continue;
    Json usage;
    if (exchange.contains("chunks")) {
      std::string lines;
      for (const Json& data : exchange["chunks"]) {
        lines += data.dump() + "\n";
        if (data.contains("usage") && data["usage"].is_object()) usage = data["usage"];
      }
      answer_with_events(lines + "[DONE]");
    } else {
      answer_whole(exchange["body"].dump());
      usage = exchange["body"].value("usage", Json());
    }
    ask(post(path, R"({"model":"passthrough/m1"})"));
    expected.push_back(usage.is_object() ? recorded_tokens(usage) : Json::object());
  }
  const std::vector<Json> logged = lines();
  ASSERT_EQ(logged.size(), expected.size());
  for (std::size_t i = 0; i < logged.size(); ++i) EXPECT_EQ(tokens_of(logged[i]), expected[i]) << i;
  const auto stated = std::ranges::count_if(expected, [](const Json& t) { return !t.empty(); });
  EXPECT_EQ(stated, 290);
}

}  // namespace
}  // namespace penstock::testing
