#include "sim/options.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <CLI/CLI.hpp>

#include "core/text.h"
#include "http/parser.h"
#include "sim/embeddings.h"
#include "sim/plain_words.h"
#include "sim/refusals.h"
#include "sim/scenario.h"

namespace penstock::sim {
namespace {

constexpr const char* kExamples = R"(Examples:
  penstock-sim
  penstock-sim --port 0 --first-token-ms 200 --tokens-per-second 50 --tokens 120
  penstock-sim --models sim-small,team/chat:8b,vectors=embedding --api-key secret
  penstock-sim --sim '{"piece_bytes_max": 7, "line_end": "crlf"}'
  penstock-sim --name east --timeline 'at 5 s answer 429 with retry-after 2 for 10 s'
  penstock-sim --port 0 --upstream 'east; at 5 s die for 3 s' --upstream west

A timeline has a step on each line, or between semicolons:
  at TIME ACTION [everywhere] [for TIME | for N requests] [every TIME]
A time is like 5 s or 200 ms. Of the steps in force, the first counts. The actions:
  refuse                   nobody listens; requests in progress go on
  die                      nobody listens, and all connections are cut
  reset                    the same, but connections are accepted and reset
  answer STATUS [with NAME VALUE [and NAME VALUE]...] [body JSON|"TEXT"]
  stall before head        stall after head        stall after N events
  cut after head           cut after N events      cut after N bytes      (or reset after ...)
  fail after N events [with STATUS] [as response.failed]
  behave JSON              any behaviour, as in `sim`
A flock file has a line `upstream NAME [port N]` for each upstream, and its timeline below.

A request can override the behaviour by a top-level object `sim` in its body:
  curl -N http://127.0.0.1:9321/v1/chat/completions -H 'Content-Type: application/json' \
    -d '{"model": "sim-small", "stream": true, "sim": {"cut_after_events": 3, "cut": "reset"},
         "messages": [{"role": "user", "content": "Hello"}]}'

docs/simulator.md lists every key of it.)";

Result<Member> read_member(const WordLine& line) {
  const std::vector<std::string>& words = line.words;
  if (words.size() != 2 && !(words.size() == 4 && words[2] == "port")) {
    return line_refusal(line.number, "an upstream is `upstream NAME` or `upstream NAME port N`");
  }
  Member member{.name = words[1], .port = {}, .timeline = {}};
  if (!http::is_token(member.name)) {
    return line_refusal(line.number, "'" + member.name + "' is no name; use letters and digits");
  }
  if (words.size() == 2) return member;
  const std::optional<std::uint64_t> port = parse_decimal(words[3]);
  if (!port || *port > 65535) {
    return line_refusal(line.number, "'" + words[3] + "' is no port; use 0 to 65535");
  }
  member.port = static_cast<std::uint16_t>(*port);
  return member;
}

// JSON for apply_overrides, so that options and keys of `sim` work alike.
void add_override(CLI::App& app, Options& options, const std::string& name, const std::string& key,
                  const std::string& type, const std::string& help) {
  const auto set = [&options, key](const std::string& value) {
    const Status applied = apply_overrides("{\"" + key + "\":" + value + "}", options.behaviour);
    if (!applied) throw CLI::ValidationError(key, applied.error().message);
  };
  app.add_option_function<std::string>(name, set, help)->type_name(type);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw CLI::ValidationError("--flock", "cannot read '" + path + "'");
  return {std::istreambuf_iterator<char>(file), {}};
}

void add_members(Program& program, const std::string& option, const std::string& text) {
  Result<std::vector<Member>> members = read_flock(text);
  if (!members) throw CLI::ValidationError(option, members.error().message);
  for (Member& member : *members) {
    const auto has_its_name = [&member](const Member& other) { return other.name == member.name; };
    if (std::any_of(program.flock.begin(), program.flock.end(), has_its_name)) {
      throw CLI::ValidationError(option, "two upstreams are called '" + member.name + "'");
    }
    program.flock.push_back(std::move(member));
  }
}

void add_flock_options(CLI::App& app, Program& program) {
  const auto set_timeline = [&program](const std::string& text) {
    Result<Timeline> timeline = Timeline::parse(text);
    if (!timeline) throw CLI::ValidationError("--timeline", timeline.error().message);
    program.options.timeline = std::move(*timeline);
  };
  app.add_option_function<std::string>("--timeline", set_timeline,
                                       "What goes wrong and when, see below")
      ->type_name("STEPS");
  app.add_option("--name", program.options.name, "Name that each answer tells in x-sim-name");
  const auto add_one = [&program](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add_members(program, "--upstream", "upstream " + text);
  };
  app.add_option_function<std::vector<std::string>>(
         "--upstream", add_one, "One of several upstreams; its timeline follows after semicolons")
      ->type_name("'NAME [port N][; STEP]...'")
      ->expected(1)
      ->take_all();
  const auto add_file = [&program](const std::string& path) {
    add_members(program, "--flock", read_file(path));
  };
  app.add_option_function<std::string>("--flock", add_file, "File with several upstreams")
      ->type_name("FILE");
}

}  // namespace

Result<std::vector<Member>> read_flock(std::string_view text) {
  const Result<std::vector<WordLine>> lines = split_words(text);
  if (!lines) return failure(lines.error());
  std::vector<Member> members;
  for (const WordLine& line : *lines) {
    if (line.words.front() == "upstream") {
      Result<Member> member = read_member(line);
      if (!member) return failure(member.error());
      members.push_back(std::move(*member));
    } else if (members.empty()) {
      return line_refusal(line.number, "the first line is `upstream NAME`");
    } else if (const Status added = members.back().timeline.add(line); !added) {
      return failure(added.error());
    }
  }
  if (members.empty()) return refusal("a flock has at least one line `upstream NAME`");
  return members;
}

std::vector<Options> Program::upstreams() const {
  if (flock.empty()) return {options};
  std::vector<Options> all;
  for (const Member& member : flock) {
    Options& upstream = all.emplace_back(options);
    upstream.name = member.name;
    if (!member.timeline.empty()) upstream.timeline = member.timeline;
    // Ports that are not free to choose follow each other.
    if (options.port != 0)
      upstream.port = static_cast<std::uint16_t>(options.port + all.size() - 1);
    if (member.port) upstream.port = *member.port;
  }
  return all;
}

void add_options(CLI::App& app, Program& program) {
  Options& options = program.options;
  app.footer(kExamples);
  add_flock_options(app, program);
  app.add_option("--host", options.host, "Address or name to listen on")->capture_default_str();
  app.add_option("--port", options.port, "Port to listen on; 0 takes a free one")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Serving threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--models", options.models, "Models to serve: ID, ID=llm or ID=embedding")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--dimensions", options.embedding_dimensions, "Dimensions of an embedding")
      ->check(CLI::Range(std::size_t{1}, Embeddings::kDimensionsMax))
      ->capture_default_str();

  add_override(app, options, "--first-token-ms", "first_token_ms", "MS",
               "Time to the first token [0]");
  add_override(app, options, "--tokens-per-second", "tokens_per_second", "RATE",
               "Tokens a second after the first; 0: as fast as possible [0]");
  add_override(app, options, "--tokens", "tokens", "N", "Length of an answer in tokens [32]");
  add_override(app, options, "--seed", "seed", "N",
               "Seed of the answers and of everything random [1]");
  const auto set_all = [&options](const std::string& object) {
    const Status applied = apply_overrides(object, options.behaviour);
    if (!applied) throw CLI::ValidationError("--sim", applied.error().message);
  };
  app.add_option_function<std::string>(
         "--sim", set_all, "Any behaviour, as the JSON object that requests may contain")
      ->type_name("JSON");
  const auto set_scenario = [&options](const std::string& path) {
    Result<std::shared_ptr<const Scenario>> scenario = Scenario::load(path);
    if (!scenario) throw CLI::ValidationError("--scenario", scenario.error().message);
    options.behaviour.scenario = std::move(*scenario);
  };
  app.add_option_function<std::string>("--scenario", set_scenario,
                                       "What the models say and which tools they call, by rules")
      ->type_name("FILE");
  app.add_option("--error-rate", options.error_rate, "Share of requests to refuse, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--error-status", options.error_status, "Status of these refusals")
      ->check(CLI::Range(400, 599))
      ->capture_default_str();

  const auto set_key = [&options](const std::string& key) { options.api_key = Secret(key); };
  app.add_option_function<std::string>("--api-key", set_key,
                                       "Demand `Authorization: Bearer KEY` on /v1/")
      ->type_name("KEY");
  const auto set_idle = [&options](std::uint64_t milliseconds) {
    options.idle_timeout = std::chrono::milliseconds(milliseconds);
  };
  app.add_option_function<std::uint64_t>(
         "--idle-timeout-ms", set_idle,
         "Close a connection that waits so long for a request; 0: never [75000]")
      ->type_name("MS");
  app.add_flag("--stamp", options.stamp,
               "Write `stamp_ns`, the monotonic clock in nanoseconds, into each event");
  app.add_flag("--quiet", options.quiet, "No summary at the end");
}

}  // namespace penstock::sim
