#pragma once

// IllUpstream: what an upstream that is well or ill does with one request, and what a client may
// therefore get. Part of the seeded simulation of model routes.

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.h"
#include "gateway/routed_gateway.h"

namespace penstock::gateway {

enum class Illness : std::uint8_t {
  kNone,
  kSlow,
  kRefusesConnections,
  kCutsBeforeHead,  // these reset the connection
  kCutsHead,
  kCutsBody,     // of a stream: before its first content
  kCutsContent,  // of a stream: after it
  kSilent,
  kStallsInBody,
  kStallsInContent,
  kEndsEarly,  // in the manner of HTTP, but the stream has not stated its end
  kLimits,
  kFails,
  kOverloaded,
  kErrorInStream,
  kErrorAfterContent,
  kRefusesKey,
  kLacksModel,
};
inline constexpr std::size_t kIllnesses = 18;

// One request that an upstream has got.
struct Served {
  enum class Ending : std::uint8_t { kWhole, kCut, kStalled, kSaidError };

  char upstream = 'a';
  int number = 0;  // of the client's request
  SteadyTime at{};
  bool is_stream = false;
  int status = 200;
  std::string text;  // the whole body, as the client would read it
  Ending ending = Ending::kWhole;
  bool is_begun = false;     // some of its content is sent before that
  std::string stream_error;  // that its stream says, and the status it stands for
  int stream_error_status = 0;
  std::optional<std::chrono::nanoseconds> cooldown;  // after which it may be asked again
  Illness illness = Illness::kNone;
  bool is_open = true;
  SteadyTime ended{};
  bool is_hedge = false;
};

// Bytes that show where they belong.
inline std::string pattern_text(std::uint64_t id, std::size_t bytes) {
  SeededRandom random(id);
  std::string text(bytes, ' ');
  for (char& c : text) c = static_cast<char>('a' + random.next() % 26);
  return text;
}

class IllUpstream {
 public:
  struct Rules {
    std::chrono::milliseconds standard{};  // cooldowns
    std::chrono::milliseconds credential{};
    std::chrono::milliseconds model{};
  };
  IllUpstream(Random& random, const Rules& rules) : random_(random), rules_(rules) {}

  // Fills in the rest of `served`, whose number this id names in all that is sent.
  Act act(Illness illness, std::uint64_t id, Served& served) {
    served.illness = illness_ = illness;
    id_ = id;
    switch (illness) {
      case Illness::kLimits:
        return limit(served);
      case Illness::kFails:
        return refuse(served, random_.next() % 2 == 0 ? 500 : 502, "server_error", "");
      case Illness::kOverloaded:
        return overloaded(served);
      case Illness::kRefusesKey:
        served.cooldown = rules_.credential;
        return refuse(served, 401, "invalid_api_key", "");
      case Illness::kLacksModel:
        served.cooldown = rules_.model;
        return refuse(served, 404, "model_not_found", "");
      default:
        return served.is_stream ? stream(served) : whole(served);
    }
  }

 private:
  using nanoseconds = std::chrono::nanoseconds;
  using milliseconds = std::chrono::milliseconds;

  // Not on whole milliseconds: two things that happen at one moment have no order.
  nanoseconds up_to(milliseconds most) {
    return nanoseconds{static_cast<std::int64_t>(
        random_.next() % static_cast<std::uint64_t>(nanoseconds(most).count()))};
  }
  nanoseconds pause() { return up_to(milliseconds(illness_ == Illness::kSlow ? 250 : 15)); }
  std::string name() const { return "s" + std::to_string(id_); }

  // In one to three pieces.
  void say(Act& act, std::string_view text) {
    for (std::size_t pieces = random_.next() % 3; pieces > 0 && text.size() > 1; --pieces) {
      const std::size_t size = 1 + random_.next() % (text.size() - 1);
      act.wait(pause()).then(std::string(text.substr(0, size)));
      text.remove_prefix(size);
    }
    act.wait(pause()).then(std::string(text));
  }

  static std::string head(int status, std::string_view fields) {
    return "HTTP/1.1 " + std::to_string(status) + " S\r\n" + std::string(fields) + "\r\n";
  }

  std::string error_text(std::string_view code, std::string_view more = "") const {
    return R"({"error":{"message":")" + name() + " says no" + std::string(more) +
           R"(","type":"t","code":")" + std::string(code) + R"("}})";
  }

  Act refuse(Served& served, int status, std::string_view code, std::string_view fields,
             std::string_view more = "") {
    served.status = status;
    served.text = error_text(code, more);
    Act act;
    say(act, head(status, "Content-Type: application/json\r\nContent-Length: " +
                              std::to_string(served.text.size()) + "\r\n" + std::string(fields)) +
                 served.text);
    return act;
  }

  // In many dialects.
  Act limit(Served& served) {
    const milliseconds time{100 + random_.next() % 3'000};
    const std::string count = std::to_string(time.count());
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", static_cast<double>(time.count()) / 1'000);
    served.cooldown = time;
    switch (random_.next() % 8) {
      case 0:
        return refuse_limit(served, "Retry-After-Ms: " + count + "\r\nRetry-After: 9\r\n");
      case 1:
        return refuse_limit(served, "x-ms-retry-after-ms: " + count + "\r\n");
      case 2:
        return refuse_limit(served, "Retry-After: " + std::string(seconds) + "\r\n");
      case 3:
        return refuse_limit(served,
                            "x-ratelimit-remaining-requests: 0\r\n"
                            "x-ratelimit-reset-requests: " +
                                count + "ms\r\n");
      case 4:
        return refuse_limit(served,
                            "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: " +
                                std::string(seconds) + "s\r\n");
      case 5:
        return refuse_limit(served, "RateLimit-Reset: " + std::string(seconds) + "\r\n");
      case 6:
        return refuse(served, 429, "rate_limit_exceeded", "",
                      ". Please try again in " + count + "ms.");
      default:
        served.cooldown = rules_.standard;
        return refuse_limit(served, "");
    }
  }
  Act refuse_limit(Served& served, const std::string& fields) {
    return refuse(served, 429, "rate_limit_exceeded", fields);
  }

  Act overloaded(Served& served) {
    const int status = random_.next() % 2 == 0 ? 503 : 529;
    if (random_.next() % 2 == 0) return refuse(served, status, "overloaded_error", "");
    served.cooldown = std::chrono::seconds(1);
    return refuse(served, status, "overloaded_error", "Retry-After: 1\r\n");
  }

  Act whole(Served& served) {
    const auto text = [&](std::string_view model) {
      return R"({"id":")" + name() + R"(","model":")" + std::string(model) +
             R"(","choices":[{"index":0,"message":{"content":")" + pattern_text(id_, id_ % 300) +
             R"("},"finish_reason":"stop"}]})";
    };
    served.text = text("smart");
    const std::string body = text("m");
    const std::string begin = head(200, "Content-Type: application/json\r\nContent-Length: " +
                                            std::to_string(body.size()) + "\r\n");
    return send_part(served, begin + body, begin.size(), begin.size(), begin.size() + body.size());
  }

  Act stream(Served& served) {
    const bool is_error =
        illness_ == Illness::kErrorInStream || illness_ == Illness::kErrorAfterContent;
    std::string raw =
        head(200, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
    const std::size_t body_at = raw.size();
    std::size_t content_at = 0;
    const auto event = [&](const std::string& data) {
      const std::string sent = "data: " + data + "\n\n";
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", sent.size());
      raw += size + sent + "\r\n";
      std::string read = sent;
      const std::size_t model = read.find(R"("model":"m")");
      if (model != std::string::npos) read.replace(model, 11, R"("model":"smart")");
      served.text += read;
    };
    event(chat_chunk(R"({"role":"assistant","content":""})"));
    if (illness_ != Illness::kErrorInStream) {
      for (std::size_t i = 0; i <= id_ % 3; ++i) {
        event(
            chat_chunk(R"({"content":")" + name() + " " + pattern_text(id_ + i, id_ % 50) + "\"}"));
        if (content_at == 0) content_at = raw.size();
      }
    }
    if (is_error) {
      served.ending = Served::Ending::kSaidError;
      served.is_begun = illness_ == Illness::kErrorAfterContent;
      served.stream_error = error_text(id_ % 2 == 0 ? "rate_limit_exceeded" : "overloaded");
      served.stream_error_status = id_ % 2 == 0 ? 429 : 503;
      event(served.stream_error);
      Act act;
      say(act, raw + "0\r\n\r\n");
      return act;
    }
    event(chat_chunk("{}", R"("stop")"));
    const std::size_t end_at = raw.size();
    event("[DONE]");
    raw += "0\r\n\r\n";
    return send_part(served, raw, body_at, content_at, end_at);
  }

  // As much of an answer as the illness lets through.
  Act send_part(Served& served, const std::string& raw, std::size_t body_at, std::size_t content_at,
                std::size_t end_at) {
    const auto between = [&](std::size_t low, std::size_t high) {
      return low + random_.next() % (high - low);
    };
    std::size_t sent = raw.size();
    switch (illness_) {
      case Illness::kCutsBeforeHead:
      case Illness::kSilent:
        sent = 0;
        break;
      case Illness::kCutsHead:
        sent = between(1, body_at);
        break;
      case Illness::kCutsBody:
      case Illness::kStallsInBody:
        // Of a whole answer, its first byte is its content.
        sent = between(body_at, served.is_stream ? content_at - 4 : end_at);
        break;
      case Illness::kCutsContent:
      case Illness::kStallsInContent:
      case Illness::kEndsEarly:
        sent = between(content_at, end_at);
        break;
      default:
        break;
    }
    served.is_begun = served.is_stream ? sent >= content_at : sent > body_at;
    Act act;
    if (sent == raw.size()) {
      say(act, raw);
      return act;
    }
    if (illness_ == Illness::kEndsEarly && served.is_stream) {
      // After a whole chunk.
      sent = content_at;
      say(act, raw.substr(0, sent) + "0\r\n\r\n");
      served.ending = Served::Ending::kCut;
      return act;
    }
    if (sent > 0) say(act, raw.substr(0, sent));
    act.wait(pause());
    const bool stalls = illness_ == Illness::kSilent || illness_ == Illness::kStallsInBody ||
                        illness_ == Illness::kStallsInContent;
    served.ending = stalls ? Served::Ending::kStalled : Served::Ending::kCut;
    stalls ? act.stall() : act.reset();
    return act;
  }

  Random& random_;
  const Rules rules_;
  Illness illness_ = Illness::kNone;
  std::uint64_t id_ = 0;
};

}  // namespace penstock::gateway
