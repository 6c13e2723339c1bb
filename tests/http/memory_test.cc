// The memory of waiting connections: the promises of http/scratch.h, checked on the heap. Skipped
// under sanitizers, which replace the allocation operators.

#include <cstdlib>
#include <new>
#include <optional>
#include <string>

#include <malloc.h>

#include <gtest/gtest.h>

#include "http/serializer.h"
#include "http/server_connection.h"
#include "http/upstream_connection.h"
#include "net/wait.h"
#include "support/memory_stream.h"
#include "support/simulated_loop.h"

namespace {

// Large allocations that are alive: small ones come and go with the test itself.
constexpr std::size_t kLargeBytes = 8 * 1024;
std::size_t live_large_bytes = 0;

}  // namespace

#ifdef PENSTOCK_SANITIZED
constexpr bool kCounts = false;
#else
constexpr bool kCounts = true;

namespace {

void count(void* memory, bool alive) {
  const std::size_t bytes = malloc_usable_size(memory);
  if (bytes < kLargeBytes) return;
  live_large_bytes = alive ? live_large_bytes + bytes : live_large_bytes - bytes;
}

void* allocate(std::size_t bytes) {
  void* const memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  count(memory, true);
  return memory;
}

void release(void* memory) {
  if (memory == nullptr) return;
  count(memory, false);
  std::free(memory);
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return allocate(bytes);
}
[[gnu::noinline]] void* operator new[](std::size_t bytes) {
  return allocate(bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  release(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  release(memory);
}

#endif

namespace penstock::http {
namespace {

using testing::memory_pair;
using testing::MemoryOptions;
using testing::SimulatedLoop;
using testing::Tasks;

// Blocks that the pool keeps for the next borrower belong to nobody: a separate pool counts apart.
std::size_t blocks(std::size_t bytes) {
  return bytes / ScratchPool::kBlockBytes;
}

class ReleasingHandler final : public Handler {
 public:
  Task<void> handle(ServerExchange& connection) override {
    auto body = co_await connection.read_body();
    while_held = held(connection);
    connection.release_request();
    while_released = held(connection);
    FieldBlock fields;
    fields.add("Date", "today");
    if (body) co_await connection.respond(200, std::move(fields), Pieces());
  }
  Refusal refuse(const Error&, const net::SocketAddress&, std::string_view) override { return {}; }
  std::size_t while_held = 0;
  std::size_t while_released = 0;

 private:
  // Includes bodies in memory that is not from operator new (http/body_memory.h).
  static std::size_t held(ServerExchange& connection) {
    return live_large_bytes + connection.bodies().held_bytes();
  }
};

TEST(ConnectionMemory, GivesTheBodyBackWhenItIsReleasedAndHoldsNothingWhileIdle) {
  if (!kCounts) GTEST_SKIP() << "sanitizers have allocation operators of their own";
  constexpr std::size_t kBodyBytes = 4 * 1024 * 1024;
  const std::string data(kBodyBytes, 'b');
  std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  append_chunk_header(chunked, kBodyBytes);
  chunked += data + "\r\n0\r\n\r\n";
  std::string plain = "POST / HTTP/1.1\r\nHost: h\r\n";
  append_content_length(plain, kBodyBytes);
  plain += "\r\n" + data;

  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    for (const std::string& request : {chunked, plain}) {
      SimulatedLoop sim;
      ScratchPool scratch;
      ServerLimits limits;
      ReleasingHandler handler;
      auto [near, far] = memory_pair({.manner = manner, .window_bytes = 2 * kBodyBytes});
      BodyBudget bodies(kBodyBytes * 4);
      ServerConnection connection({sim.loop(), scratch, limits, bodies, handler}, std::move(near));
      Tasks tasks(sim.loop());
      tasks.start(connection.serve());
      far->send(request);
      sim.settle();
      ASSERT_EQ(far->receive(), "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 0\r\n\r\n");
      EXPECT_LE(handler.while_released + kBodyBytes, handler.while_held);

      // Another idle connection would borrow the same block: none is held.
      const std::size_t before = live_large_bytes;
      ScratchPool::Block borrowed = scratch.block();
      EXPECT_EQ(blocks(live_large_bytes - before), 0u);
      borrowed.give_back();
      far->end_writing();
      sim.settle();
      EXPECT_EQ(tasks.running(), 0u);
    }
  }
}

TEST(ConnectionMemory, HoldsNoBlockWhileItWaitsForAnUpstream) {
  if (!kCounts) GTEST_SKIP() << "sanitizers have allocation operators of their own";
  for (const auto manner : {MemoryOptions::Manner::kTcp, MemoryOptions::Manner::kTls}) {
    SimulatedLoop sim;
    ScratchPool scratch;
    net::Signal cancel;
    auto [near, far] = memory_pair({.manner = manner});
    UpstreamConnection connection(sim.loop(), std::move(near), scratch);
    Tasks tasks(sim.loop());
    scratch.block().give_back();
    std::optional<Result<const ResponseHead*>> head;
    tasks.start(connection.receive_head(SteadyTime::max(), cancel), head);
    sim.settle();
    const auto borrows_anew = [&] {
      const std::size_t before = live_large_bytes;
      const ScratchPool::Block borrowed = scratch.block();
      return blocks(live_large_bytes - before) > 0;
    };
    EXPECT_FALSE(borrows_anew()) << "before the head";
    far->send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    sim.settle();
    ASSERT_TRUE(head && *head);
    ASSERT_EQ(connection.read_body()->data, "half");
    connection.release_memory();
    EXPECT_FALSE(borrows_anew()) << "inside the body";
    ASSERT_EQ(connection.read_body()->data, "");
    EXPECT_FALSE(borrows_anew()) << "after a read that found nothing";
  }
}

}  // namespace
}  // namespace penstock::http
