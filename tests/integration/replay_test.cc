// Every recorded exchange (tests/data/README.md) through the server: what a client sent and what a
// service answered, byte for byte, however the bytes are cut and framed.
//
// The expected texts are the recording's own bytes, with the one value exchanged by this test.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "integration/raw_json.h"
#include "support/gateway_test.h"
#include "support/paths.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kRecordedExchanges = 345;

enum class Framing : std::uint8_t { kChunked, kLength, kUntilClose };

struct Exchange {
  std::string id;
  std::string endpoint;
  bool stream = false;
  std::string request;              // as text
  std::string body;                 // of an answer that is no stream
  std::vector<std::string> chunks;  // of one that is
};

std::string unquoted(std::string_view text) {
  return std::string(text.substr(1, text.size() - 2));
}

std::vector<Exchange> recorded_exchanges() {
  std::ifstream file(PENSTOCK_RECORDINGS);
  std::vector<Exchange> exchanges;
  for (std::string line; std::getline(file, line);) {
    Exchange exchange;
    exchange.id = unquoted(raw_member(line, "id"));
    exchange.endpoint = unquoted(raw_member(line, "endpoint"));
    exchange.stream = raw_member(line, "stream") == "true";
    exchange.request = raw_member(line, "request");
    exchange.body = raw_member(line, "body");
    if (exchange.stream) {
      for (const std::string_view chunk : raw_items(raw_member(line, "chunks"))) {
        exchange.chunks.emplace_back(chunk);
      }
    }
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

// The size of the pieces in which an exchange's bytes are sent: sometimes a few bytes, mostly more.
std::size_t piece_bytes_max(std::mt19937_64& random) {
  constexpr std::size_t kSizes[] = {7, 64, 700, 5000, 40000};
  return kSizes[random() % std::size(kSizes)];
}

std::string cut_into_chunks(std::string_view text, std::mt19937_64& random) {
  const std::size_t most = piece_bytes_max(random);
  std::string framed;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, 1 + random() % most);
    framed += chunk(piece);
    text.remove_prefix(piece.size());
  }
  framed += kLastChunk;
  return framed;
}

// The answer of a service with that body.
Script served(std::string_view content_type, const std::string& body, Framing framing,
              std::mt19937_64& random) {
  const std::string start =
      fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nx-upstream: yes\r\n", content_type);
  const std::size_t most = piece_bytes_max(random);
  switch (framing) {
    case Framing::kChunked: {
      const std::string framed = cut_into_chunks(body, random);
      return Script().send_cut(start + "Transfer-Encoding: chunked\r\n\r\n" + framed, random, most);
    }
    case Framing::kLength: {
      const std::string length = fmt::format("Content-Length: {}\r\n\r\n", body.size());
      return Script().send_cut(start + length + body, random, most);
    }
    case Framing::kUntilClose:
      return Script().send_cut(start + "Connection: close\r\n\r\n" + body, random, most).close();
  }
  return Script();
}

class Replay : public GatewayTest {
 protected:
  // One exchange, in one framing of both directions.
  void replay(const Exchange& exchange, Framing framing, std::mt19937_64& random);

 private:
  RawClient client_ = connect();
  std::size_t replayed_ = 0;
};

void Replay::replay(const Exchange& exchange, Framing framing, std::mt19937_64& random) {
  const auto spelled = [respell = random() % 2 == 0](std::string_view json) {
    return respell ? respelled(json) : std::string(json);
  };
  const std::string recorded = spelled(exchange.request);
  const std::string model = unquoted(raw_member(recorded, "model"));
  const std::string asked = "\"passthrough/" + model + "\"";

  std::string body;
  std::string expected;
  if (exchange.stream) {
    for (const std::string& recorded_chunk : exchange.chunks) {
      const std::string data = spelled(recorded_chunk);
      body += event(data);
      expected += event(with_string_member(data, "model", asked));
    }
    if (random() % 2 == 0) {
      body += kDone;
      expected += kDone;
    }
  } else {
    body = spelled(exchange.body);
    expected = with_string_member(body, "model", asked);
  }
  const std::string type = exchange.stream ? "text/event-stream" : "application/json";
  upstream.answer_next(served(type, body, framing, random));

  const std::string sent = with_string_member(recorded, "model", asked);
  std::string request = post(exchange.endpoint, sent);
  if (framing == Framing::kChunked) {
    request =
        fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                    exchange.endpoint) +
        cut_into_chunks(sent, random);
  }
  ASSERT_TRUE(client_.send_in_pieces(request, 1 + random() % piece_bytes_max(random)));
  const WholeAnswer answer = client_.read_answer();

  ASSERT_EQ(upstream.wait_for_request(replayed_++).body, recorded);
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.head.find("content-type"), type);
  EXPECT_EQ(answer.head.find("x-upstream"), "yes");
  EXPECT_EQ(answer.chunked(), exchange.stream);
  ASSERT_EQ(answer.body, expected);
}

TEST_F(Replay, EveryRecordedExchangePassesByteForByte) {
  const std::vector<Exchange> exchanges = recorded_exchanges();
  ASSERT_EQ(exchanges.size(), kRecordedExchanges);
  std::uint64_t seed = 0;
  for (const Exchange& exchange : exchanges) {
    if (exchange.endpoint == "/v1/models") continue;
    for (const Framing framing : {Framing::kChunked, Framing::kLength, Framing::kUntilClose}) {
      SCOPED_TRACE(fmt::format("exchange {} seed {}", exchange.id, ++seed));
      std::mt19937_64 random(seed);
      ASSERT_NO_FATAL_FAILURE(replay(exchange, framing, random));
    }
  }
}

TEST_F(Replay, EveryRecordedModelListIsServed) {
  std::size_t lists = 0;
  std::mt19937_64 random(1);
  for (const Exchange& exchange : recorded_exchanges()) {
    if (exchange.endpoint != "/v1/models") continue;
    SCOPED_TRACE(exchange.id);
    const auto framing = static_cast<Framing>(lists++ % 3);
    ScriptedUpstream service_of_lists;
    service_of_lists.answer_models(served("application/json", exchange.body, framing, random));
    TestService server(passthrough_settings(service_of_lists.url()));
    RawClient client(server.port());

    const auto recorded = nlohmann::json::parse(exchange.body).at("data");
    nlohmann::json listed;
    // The server is ready before its first list is.
    ASSERT_TRUE(eventually([&] {
      const WholeAnswer answer = client.ask(get("/v1/models"));
      listed = nlohmann::json::parse(answer.body).at("data");
      return !listed.empty();
    }));
    ASSERT_EQ(listed.size(), recorded.size());
    for (std::size_t i = 0; i < recorded.size(); ++i) {
      const std::string id = recorded[i].at("id");
      EXPECT_EQ(listed[i].at("id"), "passthrough/" + id);
      EXPECT_EQ(listed[i].at("object"), "model");
      const auto& metadata = listed[i].at("custom_metadata");
      EXPECT_EQ(metadata.at("provider_id"), "passthrough");
      EXPECT_EQ(metadata.at("provider_resource_id"), id);
    }
  }
  EXPECT_EQ(lists, 22U);
}

}  // namespace
}  // namespace penstock::testing
