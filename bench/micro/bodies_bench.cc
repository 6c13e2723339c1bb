// The check of request bodies and the rewriters of answers.

#include <benchmark/benchmark.h>

#include <string>

#include "wire/bodies/request_fields.h"
#include "wire/bodies/sse_rewriter.h"

namespace penstock::wire {
namespace {

// A chat request with a prompt of about `range` bytes.
std::string chat_request(std::int64_t prompt_bytes) {
  std::string body =
      R"({"model":"passthrough/llama-3.3-70b","messages":[{"role":"user","content":")";
  while (body.size() < static_cast<std::size_t>(prompt_bytes)) {
    body += R"(All the water of the lake, \"so they say\", runs through one pipe. )";
  }
  return body + R"("}],"temperature":0.7,"max_tokens":256,"stream":true})";
}

void request_gate(benchmark::State& state) {
  const std::string body = chat_request(state.range(0));
  for (auto _ : state) {
    RequestReader reader(body, {});
    benchmark::DoNotOptimize(read_request(reader));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(body.size() * state.iterations()));
}
BENCHMARK(request_gate)->Arg(200)->Arg(4'000)->Arg(100'000)->Arg(1'000'000);

void sse_event(benchmark::State& state) {
  const std::string event =
      "data: {\"id\":\"chatcmpl-86a769b048f6f861\",\"object\":\"chat.completion.chunk\","
      "\"created\":1767225600,\"model\":\"llama-3.3-70b\",\"system_fingerprint\":\"fp\","
      "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" water\"},\"logprobs\":null,"
      "\"finish_reason\":null}],\"usage\":null}\n\n";
  SseRewriter rewriter("passthrough/llama-3.3-70b", kCompletionEvents, DoneEvent::kPass,
                       1024 * 1024);
  std::string out;
  for (auto _ : state) {
    out.clear();
    rewriter.feed(event, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(event.size() * state.iterations()));
}
BENCHMARK(sse_event);

}  // namespace
}  // namespace penstock::wire
