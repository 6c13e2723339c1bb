// The program returns the memory of a burst to the system.
//
// Measured from outside, on the real program: a sanitizer's allocator keeps what is freed.

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "app/program.h"
#include "support/compressed.h"
#include "support/raw_client.h"
#include "support/sanitizer.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr std::size_t kMayStay = 16 * kMiB;
constexpr milliseconds kMayTake{10'000};

class ProgramMemory : public ProgramTest {
 protected:
  void SetUp() override {
    if (kOwnAllocator) GTEST_SKIP() << "the sanitizer has an allocator of its own";
    EXPECT_EQ(RawClient(port_).ask(chat(Answer::kWhole, "main/m1")).status(), 200);
    before_ = resident();
  }

  std::size_t resident() const {
    std::ifstream file("/proc/" + std::to_string(program_.id()) + "/statm");
    std::size_t pages = 0;
    file >> pages >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }

  // Sends each of the requests without its last byte, until the program holds `bytes` more than
  // before; then the rest. All are answered, and the memory is returned.
  void burst(const std::vector<std::string>& requests, std::size_t bytes) {
    {
      std::vector<RawClient> clients;
      for (const std::string& request : requests) {
        ASSERT_TRUE(clients.emplace_back(port_).send(request.substr(0, request.size() - 1)));
      }
      ASSERT_TRUE(eventually([&] { return resident() >= before_ + bytes; })) << resident();
      for (std::size_t i = 0; i < clients.size(); ++i) {
        ASSERT_EQ(clients[i].ask(requests[i].substr(requests[i].size() - 1)).status(), 200);
      }
    }
    EXPECT_TRUE(eventually([&] { return resident() <= before_ + kMayStay; }, kMayTake))
        << (resident() - before_) / kMiB << " MiB more than before";
  }

  static std::string body_of(std::size_t bytes) {
    const std::string front = R"({"model":"main/m1","input":")";
    return front + std::string(bytes - front.size() - 2, 'x') + R"("})";
  }
  static std::vector<std::string> bodies(std::size_t count, std::size_t bytes) {
    return std::vector<std::string>(count, post(kChatPath, body_of(bytes)));
  }

 private:
  Program program_{serve()};
  std::uint16_t port_ = port_of(program_);
  std::size_t before_ = 0;
};

// faults-measured 7 and 10
TEST_F(ProgramMemory, OfLargeBodiesIsGivenBack) {
  burst(bodies(40, 4 * kMiB), 140 * kMiB);
  // Not only the first time: glibc would keep blocks of a size that has been freed before.
  burst(bodies(40, 4 * kMiB), 140 * kMiB);
}

// Below the size that is mapped, and of different sizes.
TEST_F(ProgramMemory, OfManySmallerBodiesIsGivenBack) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < 200; ++i) requests.push_back(bodies(1, (100 + i) * 1024).front());
  burst(requests, 30 * kMiB);
}

TEST_F(ProgramMemory, OfBodiesWithoutALengthIsGivenBack) {
  const std::string request = "POST " + std::string(kChatPath) +
                              " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
                              chunk(body_of(6 * kMiB)) + std::string(kLastChunk);
  burst(std::vector<std::string>(20, request), 100 * kMiB);
}

TEST_F(ProgramMemory, OfManyTokensAndEscapedKeysIsGivenBack) {
  std::string body = R"({"model":"main/m1")";
  for (int i = 0; i < 1000; ++i) {
    body += ",\"\\u0061" + std::string(800, 'k') + std::to_string(i) + "\":0";
  }
  body += ",\"x\":[0";
  for (int i = 0; i < 2'000'000; ++i) body += ",1";
  body += "]}";
  burst(std::vector<std::string>(10, post(kChatPath, body)), 30 * kMiB);
}

TEST_F(ProgramMemory, OfBodiesThatAreUnpackedIsGivenBack) {
  std::vector<std::string> requests = bodies(20, kMiB);
  const std::string zstd = zstd_compressed(body_of(30 * kMiB));
  for (int i = 0; i < 10; ++i) {
    requests.push_back(post(kChatPath, zstd, {{"Content-Encoding", "zstd"}}));
  }
  burst(requests, 15 * kMiB);
}

}  // namespace
}  // namespace penstock::testing
