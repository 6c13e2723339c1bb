// Case 17 of the design of the wider API: images of 30 MB inside JSON requests pass the program
// byte for byte, and its memory does not grow with their number.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "app/program.h"
#include "support/raw_client.h"
#include "support/sanitizer.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kMebibyte = 1 << 20;
constexpr std::size_t kImageBytes = 30 * kMebibyte;
// Beside the bodies: blocks of connections, what the allocator has not returned yet.
constexpr std::size_t kMayGrow = 24 * kMebibyte;
constexpr std::size_t kRounds = kOwnAllocator ? 1 : 3;

// Whatever the bytes of an image may be, in base64.
std::string image() {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::mt19937_64 random(17);
  std::string text;
  text.reserve(kImageBytes);
  while (text.size() < kImageBytes) {
    std::uint64_t bits = random();
    for (int i = 0; i < 10; ++i, bits >>= 6) text += kAlphabet[bits % kAlphabet.size()];
  }
  return text;
}

struct ImageRequest {
  std::string_view path;
  std::string_view begin;  // of the body, after the model's name
  std::string_view end;
};

constexpr std::array kRequests = {
    ImageRequest{kChatPath,
                 R"(","messages":[{"role":"user","content":[{"type":"image_url","image_url":)"
                 R"({"url":"data:image/png;base64,)",
                 R"("}}]}]})"},
    ImageRequest{"/v1/responses",
                 R"(","input":[{"role":"user","content":[{"type":"input_image","image_url":)"
                 R"("data:image/png;base64,)",
                 R"("}]}]})"},
    ImageRequest{"/v1/messages",
                 R"(","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image",)"
                 R"("source":{"type":"base64","media_type":"image/png","data":")",
                 R"("}}]}]})"},
};

class LargeImages : public ProgramTest {
 protected:
  const std::string image_ = image();

  std::string body_of(const ImageRequest& request, std::string_view model) const {
    std::string body = R"({"model":")";
    body.reserve(kImageBytes + 1024);
    body.append(model).append(request.begin).append(image_).append(request.end);
    return body;
  }
};

// Of the program, since it started.
std::size_t most_resident(const Program& program) {
  std::ifstream file("/proc/" + std::to_string(program.id()) + "/status");
  for (std::string name; file >> name;) {
    std::size_t kilobytes = 0;
    if (name == "VmHWM:" && file >> kilobytes) return kilobytes * 1024;
  }
  ADD_FAILURE() << "no VmHWM";
  return 0;
}

TEST_F(LargeImages, PassByteForByteInMemoryThatDoesNotGrowWithTheirNumber) {
  upstream.answer_always(Script().send(json_answer(200, R"({"id":"x"})")));
  Program program(serve("server: {limits: {body_bytes: 40MiB}}\n"));
  const std::uint16_t port = port_of(program);
  const std::size_t before = most_resident(program);
  std::size_t held = 0;  // by the program at once
  std::size_t asked = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    // All of them at once: each waits for its last byte until the others have come as far.
    std::vector<RawClient> clients;
    held = 0;
    for (const ImageRequest& request : kRequests) {
      std::string text = post(request.path, body_of(request, "main/m1"));
      held += text.size();
      text.pop_back();
      ASSERT_TRUE(clients.emplace_back(port).send(text));
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
      ASSERT_TRUE(clients[i].send(kRequests[i].end.substr(kRequests[i].end.size() - 1)));
      ASSERT_EQ(clients[i].read_answer().status(), 200) << kRequests[i].path;
      const SeenRequest seen = upstream.wait_for_request(asked++);
      EXPECT_EQ(seen.target, kRequests[i].path);
      // Not EXPECT_EQ, which would print them.
      EXPECT_TRUE(seen.body == body_of(kRequests[i], "m1")) << kRequests[i].path;
    }
  }
  if (kOwnAllocator) return;
  const std::size_t most = most_resident(program);
  EXPECT_GT(most, before + held / 2) << "the requests were not held at once";
  EXPECT_LE(most, before + held + kMayGrow)
      << (most - before) / kMebibyte << " MiB for " << held / kMebibyte << " MiB of bodies";
}

TEST_F(LargeImages, AreRefusedInTheShapeOfTheirApiOverTheLimit) {
  Program program(serve("server: {limits: {body_bytes: 20MiB}}\n"));
  const std::uint16_t port = port_of(program);
  for (const ImageRequest& request : kRequests) {
    RawClient client(port);
    // The refusal comes before the body has been sent, which may end in a reset.
    const std::string text = post(request.path, body_of(request, "main/m1"));
    ASSERT_TRUE(client.send(text.substr(0, 64 * 1024)));
    const WholeAnswer answer = client.read_answer();
    EXPECT_EQ(answer.status(), 413) << request.path;
    const bool is_anthropics = answer.body.starts_with(R"({"type":"error")");
    EXPECT_EQ(is_anthropics, request.path == "/v1/messages") << answer.body;
  }
  EXPECT_TRUE(upstream.requests().empty());
}

}  // namespace
}  // namespace penstock::testing
