#include "telemetry/access_record.h"

namespace penstock::telemetry {
namespace {

template <std::size_t Size>
void text_if_any(JsonLine& line, const char (&key)[Size], std::string_view value) {
  if (!value.empty()) line.text(key, value);
}

template <std::size_t Size>
void number_if_any(JsonLine& line, const char (&key)[Size], std::optional<std::uint64_t> value) {
  if (value) line.number(key, *value);
}

template <std::size_t Size>
void status_if_any(JsonLine& line, const char (&key)[Size], int status) {
  if (status > 0) line.number(key, static_cast<std::uint64_t>(status));
}

std::string_view without_query(std::string_view path) {
  return path.substr(0, path.find_first_of("?#"));
}

void write_members(JsonLine& line, const AccessRecord& record) {
  text_if_any(line, "request_id", record.request_id);
  text_if_any(line, "principal", record.principal);
  text_if_any(line, "peer", record.peer);
  text_if_any(line, "user_agent", record.user_agent);
  text_if_any(line, "method", record.method);
  text_if_any(line, "route", record.route);
  text_if_any(line, "path", without_query(record.path));
  text_if_any(line, "model", record.model);
  text_if_any(line, "provider", record.provider);
  text_if_any(line, "upstream_model", record.upstream_model);
  text_if_any(line, "target", record.target);
  if (record.fallback) line.boolean("fallback", true);
  status_if_any(line, "status", record.status);
  status_if_any(line, "upstream_status", record.upstream_status);
  line.text("ending", name_of(record.ending));
  if (record.error) line.text("error", name_of(*record.error));
  line.boolean("stream", record.stream);
  line.number("bytes_in", record.bytes_in);
  line.number("bytes_out", record.bytes_out);
  line.milliseconds("duration_ms", record.duration);
  if (record.first_byte) line.milliseconds("first_byte_ms", *record.first_byte);
  if (record.connect) line.milliseconds("connect_ms", *record.connect);
  line.number("attempts", record.attempts);
  if (record.attempts > 0) line.boolean("reused_connection", record.reused_connection);
  number_if_any(line, "prompt_tokens", record.prompt_tokens);
  number_if_any(line, "completion_tokens", record.completion_tokens);
  number_if_any(line, "total_tokens", record.total_tokens);
  number_if_any(line, "cached_tokens", record.cached_tokens);
  number_if_any(line, "cache_write_tokens", record.cache_write_tokens);
  number_if_any(line, "reasoning_tokens", record.reasoning_tokens);
}

void write_members(JsonLine& line, const AttemptRecord& record) {
  text_if_any(line, "request_id", record.request_id);
  line.number("attempt", record.attempt);
  text_if_any(line, "target", record.target);
  text_if_any(line, "class", record.outcome);
  status_if_any(line, "status", record.status);
  line.milliseconds("duration_ms", record.duration);
  line.milliseconds("wait_ms", record.wait);
  number_if_any(line, "prompt_tokens", record.prompt_tokens);
  number_if_any(line, "completion_tokens", record.completion_tokens);
}

using Colour = TextLine::Colour;

Colour colour_of(int status) {
  if (status >= 500 || status == 0) return Colour::kRed;
  return status >= 400 ? Colour::kYellow : Colour::kGreen;
}

void write_status(TextLine& line, int status) {
  if (status > 0) {
    line.number(static_cast<std::uint64_t>(status), colour_of(status));
  } else {
    line.word("---", colour_of(status));  // the client has gone before there was one
  }
}

bool is_joined(std::string_view name, std::string_view provider, std::string_view model) {
  return name.size() == provider.size() + 1 + model.size() && name.starts_with(provider) &&
         name[provider.size()] == '/' && name.ends_with(model);
}

// `main/m1`, or `smart -> main/m1` where the client's name is another one.
void write_model(TextLine& line, const AccessRecord& record) {
  line.field(record.model);
  if (record.provider.empty()) return;
  if (is_joined(record.model, record.provider, record.upstream_model)) return;
  line.word("->");
  line.field(record.provider);
  if (record.upstream_model.empty()) return;
  line.joined("/");
  line.joined_field(record.upstream_model);
}

// `10+20 tokens`: of the prompt and of the completion.
void write_tokens(TextLine& line, const AccessRecord& record) {
  if (!record.prompt_tokens && !record.completion_tokens) return;
  line.number(record.prompt_tokens.value_or(0));
  line.joined("+");
  line.joined_number(record.completion_tokens.value_or(0));
  line.joined(" tokens");
}

void write_ending(TextLine& line, const AccessRecord& record) {
  if (record.error) {
    line.word(name_of(*record.error), Colour::kRed);
  } else if (record.ending != Ending::kCompleted) {
    line.word(name_of(record.ending), Colour::kRed);
  }
}

}  // namespace

char* write_json_line(char* out, std::string_view time, const AccessRecord& record) {
  JsonLine line(out);
  line.text("time", time);
  write_members(line, record);
  return line.finish();
}

char* write_json_line(char* out, std::string_view time, const AttemptRecord& record) {
  JsonLine line(out);
  line.text("time", time);
  write_members(line, record);
  return line.finish();
}

char* write_text_line(char* out, std::string_view time, const AccessRecord& record,
                      TextLine::Colours colours) {
  TextLine line(out, colours);
  line.word(time, Colour::kDim);
  write_status(line, record.status);
  line.field(record.method);
  line.field(without_query(record.path));
  write_model(line, record);
  line.milliseconds(record.duration);
  if (record.stream && record.first_byte) {
    line.word("first byte");
    line.milliseconds(*record.first_byte);
  }
  write_tokens(line, record);
  write_ending(line, record);
  if (record.attempts > 1) {
    line.number(record.attempts, Colour::kYellow);
    line.joined(" attempts");
  }
  line.field(record.principal);
  line.field(record.peer, Colour::kDim);
  line.field(record.request_id, Colour::kDim);
  return line.finish();
}

char* write_text_line(char* out, std::string_view time, const AttemptRecord& record,
                      TextLine::Colours colours) {
  TextLine line(out, colours);
  line.word(time, Colour::kDim);
  write_status(line, record.status);
  line.word("attempt");
  line.number(record.attempt);
  line.word("at");
  line.field(record.target);
  line.field(record.outcome, record.outcome == "ok" ? Colour::kGreen : Colour::kYellow);
  line.milliseconds(record.duration);
  if (record.wait.count() > 0) {
    line.word("after a wait of");
    line.milliseconds(record.wait);
  }
  line.field(record.request_id, Colour::kDim);
  return line.finish();
}

}  // namespace penstock::telemetry
