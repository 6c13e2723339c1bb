#include "support/http_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace penstock::testing {
namespace {

std::string lines_of(const HeaderList& headers) {
  std::string lines;
  for (const auto& [name, value] : headers) lines += name + ": " + value + "\r\n";
  return lines;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string get(std::string_view target, const HeaderList& headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, lines_of(headers));
}

std::string bare_request(std::string_view method, std::string_view target) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n\r\n", method, target);
}

std::string post(std::string_view target, std::string_view body, const HeaderList& headers) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n{}\r\n{}",
      target, body.size(), lines_of(headers), body);
}

std::string chat_body(std::string_view model, Answer answer) {
  return fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"hi"}}]{}}})", model,
                     answer == Answer::kStream ? R"(,"stream":true)" : "");
}

std::string chat(Answer answer, std::string_view model) {
  return post(kChatPath, chat_body(model, answer));
}

std::string json_answer(int status, std::string_view body, const HeaderList& headers) {
  return fmt::format(
      "HTTP/1.1 {} Scripted\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      status, body.size(), lines_of(headers), body);
}

std::string chat_answer_body(std::string_view model) {
  return fmt::format(
      R"({{"id":"c1","object":"chat.completion","created":1,"model":"{}","choices":[{{"index":0,)"
      R"("message":{{"role":"assistant","content":"hello"}},"finish_reason":"stop"}}],)"
      R"("usage":{{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}})",
      model);
}

std::string stream_head(const HeaderList& headers) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n{}\r\n",
      lines_of(headers));
}

std::string chunk(std::string_view data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string event(std::string_view data) {
  return fmt::format("data: {}\n\n", data);
}

std::string chat_delta(std::string_view content, std::string_view model) {
  return fmt::format(
      R"({{"id":"c1","object":"chat.completion.chunk","created":1,"model":"{}","choices":[{{)"
      R"("index":0,"delta":{{"content":"{}"}},"finish_reason":null}}]}})",
      model, content);
}

std::string chat_finish(std::string_view model) {
  return fmt::format(
      R"({{"id":"c1","object":"chat.completion.chunk","created":1,"model":"{}","choices":[{{)"
      R"("index":0,"delta":{{}},"finish_reason":"stop"}}]}})",
      model);
}

std::string chat_events(std::string_view model) {
  std::string events = event(chat_delta("hello ", model));
  events += event(chat_delta("world", model));
  events += event(chat_finish(model));
  events += kDone;
  return events;
}

std::optional<std::string> HeadText::find(std::string_view name) const {
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return std::nullopt;
}

std::size_t HeadText::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields, [&](const auto& field) { return field.first == name; }));
}

std::optional<HeadText> take_head(std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  HeadText head;
  head.text = bytes.substr(0, end + 4);
  bytes.erase(0, end + 4);
  std::string_view rest(head.text.data(), end + 2);
  const auto next_line = [&rest] {
    const std::size_t line_end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(line_end + 2);
    return line;
  };
  head.start_line = next_line();
  while (!rest.empty()) {
    const std::string_view line = next_line();
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view value = line.substr(std::min(colon + 1, line.size()));
    head.fields.emplace_back(lower(line.substr(0, colon)), trimmed(value));
  }
  if (head.start_line.starts_with("HTTP/1.") && head.start_line.size() >= 12) {
    const char* const status = head.start_line.data() + 9;
    std::from_chars(status, status + 3, head.status);
  }
  return head;
}

bool ChunkedText::take(std::string& bytes, std::string& body) {
  while (!done_) {
    const std::size_t line_end = bytes.find("\r\n");
    if (line_end == std::string::npos) return bytes.size() < 64;
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(bytes.data(), bytes.data() + line_end, size, 16);
    if (error != std::errc() || stop != bytes.data() + line_end) return false;
    const std::size_t whole = line_end + 2 + size + 2;
    if (bytes.size() < whole) return true;
    if (bytes.compare(whole - 2, 2, "\r\n") != 0) return false;
    body.append(bytes, line_end + 2, size);
    bytes.erase(0, whole);
    done_ = size == 0;
  }
  return true;
}

std::optional<std::string> take_event(std::string& text) {
  const std::size_t end = text.find("\n\n");
  if (end == std::string::npos) return std::nullopt;
  std::string taken = text.substr(0, end + 2);
  text.erase(0, end + 2);
  return taken;
}

std::vector<std::string> events_of(std::string text) {
  std::vector<std::string> events;
  while (auto taken = take_event(text)) events.push_back(std::move(*taken));
  return events;
}

}  // namespace penstock::testing
