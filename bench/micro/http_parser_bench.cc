// The cost of a head's bytes: parsing heads of the usual sizes, decoding a streamed answer's
// chunks, and writing a head. The heads are those of curl, of the openai Python client and of an
// inference server, with made-up values.

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "http/chunked.h"
#include "http/parser.h"
#include "http/serializer.h"
#include "http/target.h"

namespace penstock::http {
namespace {

constexpr std::string_view kSmallRequest =
    "GET /v1/models HTTP/1.1\r\n"
    "Host: localhost:8321\r\n"
    "User-Agent: curl/7.88.1\r\n"
    "Accept: */*\r\n"
    "\r\n";

constexpr std::string_view kUsualRequest =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: gateway.example.com:8321\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.99.1\r\n"
    "Authorization: Bearer sk-0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "Content-Length: 412\r\n"
    "\r\n";

constexpr std::string_view kLargeRequest =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: gateway.example.com:8321\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.99.1\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.99.1\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\n"
    "Authorization: Bearer sk-0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "X-Stainless-Async: false\r\n"
    "x-stainless-retry-count: 0\r\n"
    "x-stainless-read-timeout: 600\r\n"
    "Content-Length: 412\r\n"
    "\r\n";

constexpr std::string_view kUsualResponse =
    "HTTP/1.1 200 OK\r\n"
    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "server: uvicorn\r\n"
    "content-type: text/event-stream; charset=utf-8\r\n"
    "cache-control: no-cache\r\n"
    "x-request-id: 0123456789abcdef0123456789abcdef\r\n"
    "connection: keep-alive\r\n"
    "transfer-encoding: chunked\r\n"
    "\r\n";

void parse_request(benchmark::State& state, std::string_view text) {
  RequestHead head;
  for (auto _ : state) {
    auto parsed = parse_request_head(text, 0, {}, head);
    if (!parsed || !parsed->complete()) state.SkipWithError("the head is refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK_CAPTURE(parse_request, of_3_fields, kSmallRequest);
BENCHMARK_CAPTURE(parse_request, of_8_fields, kUsualRequest);
BENCHMARK_CAPTURE(parse_request, of_17_fields, kLargeRequest);

void parse_response(benchmark::State& state) {
  ResponseHead head;
  for (auto _ : state) {
    auto parsed = parse_response_head(kUsualResponse, 0, {}, head);
    if (!parsed || !parsed->complete()) state.SkipWithError("the head is refused");
    benchmark::DoNotOptimize(head);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kUsualResponse.size()));
}
BENCHMARK(parse_response);

// The worst that a client can do: one byte a read.
void parse_request_byte_by_byte(benchmark::State& state) {
  RequestHead head;
  for (auto _ : state) {
    for (std::size_t size = 1; size <= kUsualRequest.size(); ++size) {
      auto parsed = parse_request_head(kUsualRequest.substr(0, size), size - 1, {}, head);
      if (!parsed) state.SkipWithError("the head is refused");
    }
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(parse_request_byte_by_byte);

void decode_chunks(benchmark::State& state) {
  const std::string event(static_cast<std::size_t>(state.range(0)), 'x');
  std::string body;
  for (int i = 0; i < 64; ++i) {
    append_chunk_header(body, event.size());
    body.append(event).append(kChunkEnd);
  }
  body.append(kLastChunk);
  for (auto _ : state) {
    ChunkedDecoder decoder(Direction::kResponse);
    std::string_view rest = body;
    while (!decoder.done()) {
      auto step = decoder.step(rest);
      if (!step) {
        state.SkipWithError("the body is refused");
        break;
      }
      benchmark::DoNotOptimize(step->data);
      rest.remove_prefix(step->consumed);
    }
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(decode_chunks)->Arg(200)->Arg(16384);

void split(benchmark::State& state) {
  for (auto _ : state) {
    auto target = split_target("/v1/models/meta-llama%2FLlama-3.1-8B-Instruct?limit=5");
    benchmark::DoNotOptimize(target);
  }
}
BENCHMARK(split);

void write_response_head(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_status_line(out, 200);
    append_date(out, WallTime(std::chrono::seconds(784111777)));
    append_field(out, "Content-Type", "application/json");
    append_field(out, "x-request-id", "0123456789abcdef0123456789abcdef");
    append_content_length(out, 412);
    append_head_end(out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_response_head);

}  // namespace
}  // namespace penstock::http

BENCHMARK_MAIN();
