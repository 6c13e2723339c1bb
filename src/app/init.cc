#include "app/init.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/init_text.h"
#include "app/model_table.h"
#include "app/server_question.h"
#include "app/upstream_kind.h"
#include "config/credentials.h"
#include "config/load.h"
#include "config/presets.h"
#include "config/url.h"

namespace penstock::app {
namespace {

constexpr std::chrono::milliseconds kPatience{10'000};
constexpr std::chrono::milliseconds kLocalPatience{2'000};

bool is_set(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

Error mistake(std::string message) {
  return Error::client(ErrorKind::kInvalidRequest, std::move(message));
}

// The usual variable is used if it is set; one that was named has to be.
Result<std::string> key_variable_of(const InitOptions& options, const UpstreamKind& kind) {
  if (!options.key_variable.empty()) {
    if (is_set(options.key_variable)) return options.key_variable;
    return failure(mistake("--key-env " + options.key_variable +
                           ": the environment has no such variable, or it is empty"));
  }
  if (kind.key_variable.empty() || is_set(kind.key_variable)) return kind.key_variable;
  return failure(mistake(kind.name + " needs a key: put it into " + kind.key_variable +
                         ", or name another variable with --key-env"));
}

// The address that the file will have: that of the type, if it knows the host.
Result<config::Url> base_url_of(const std::string& url, const UpstreamKind& kind) {
  const config::Preset* preset = config::find_preset(kind.provider_type);
  if (kind.provider_type != config::kPassthroughType && preset != nullptr) {
    return config::parse_url(preset->base_url);
  }
  return config::parse_base_url(url);
}

std::string without_provider(const std::string& problem, const UpstreamKind& kind) {
  const std::string prefix = "provider " + kind.provider_id + ": ";
  return problem.starts_with(prefix) ? problem.substr(prefix.size()) : problem;
}

std::string advice_for(std::string_view problem, const config::Url& base, bool has_key) {
  if (problem.contains("401") || problem.contains("403")) {
    return has_key ? "The key is refused: check the variable's value."
                   : "It asks for a key: put it into a variable of the environment, and name that "
                     "with --key-env.";
  }
  return fmt::format(
      "Does the service run, and is this its address? `curl {}/models` should print a list.",
      base.text());
}

// The settings of a file with this upstream alone.
Result<std::shared_ptr<config::Settings>> settings_of(const FoundUpstream& upstream) {
  config::Loaded loaded = config::load_text(init_text({upstream}, "penstock init"), "penstock init",
                                            config::process_environment());
  if (loaded.settings) return std::make_shared<config::Settings>(std::move(*loaded.settings));
  return failure(mistake(loaded.problems.front().message));
}

// What the list itself says of the service; the kind stays if it cannot be read.
UpstreamKind kind_of(const FoundUpstream& upstream, const config::Url& base,
                     std::chrono::milliseconds patience) {
  ServerQuestion question{
      .target = base.path + "/models", .fields = {}, .body = {}, .patience = patience};
  if (!upstream.key_variable.empty()) {
    question.fields.emplace_back(
        "Authorization", "Bearer " + std::string(std::getenv(upstream.key_variable.c_str())));
  }
  const Result<ServerReply> reply = ask_server(base, question);
  return reply ? kind_by_list(upstream.kind, reply->body) : upstream.kind;
}

Result<FoundUpstream> ask_upstream(const std::string& url, const InitOptions& options,
                                   std::chrono::milliseconds patience) {
  Result<config::Url> given = config::parse_url(url);
  if (!given) return failure(std::move(given.error()));
  FoundUpstream upstream{
      .url = {}, .kind = kind_by_host(given->host), .key_variable = {}, .models = {}};
  Result<config::Url> base = base_url_of(url, upstream.kind);
  if (!base) return failure(std::move(base.error()));
  upstream.url = base->text();
  Result<std::string> variable = key_variable_of(options, upstream.kind);
  if (!variable) return failure(std::move(variable.error()));
  upstream.key_variable = std::move(*variable);
  Result<std::shared_ptr<config::Settings>> settings = settings_of(upstream);
  if (!settings) return failure(std::move(settings.error()));
  (*settings)->server.timeouts.model_list = patience;
  const ModelTable table = ask_for_models(*settings);
  if (!table.problems.empty()) {
    std::string problem = without_provider(table.problems.front(), upstream.kind);
    config::guard_credentials(**settings).mask(problem);
    return failure(Error::upstream(
        ErrorKind::kUpstreamUnreachable, RetryClass::kNever,
        problem + ".\n" + advice_for(problem, *base, !upstream.key_variable.empty())));
  }
  for (const ModelTable::Row& row : table.rows) upstream.models.push_back(row.upstream_model);
  if (upstream.kind.provider_type == config::kPassthroughType) {
    upstream.kind = kind_of(upstream, *base, patience);
  }
  return upstream;
}

void tell_found(const FoundUpstream& upstream) {
  std::cerr << "penstock: " << upstream.url << ": " << upstream.kind.name << ", "
            << upstream.models.size() << (upstream.models.size() == 1 ? " model" : " models")
            << "\n";
}

// A second service of one kind gets a number.
void give_own_id(FoundUpstream& upstream, const std::vector<FoundUpstream>& others) {
  const std::string id = upstream.kind.provider_id;
  for (int number = 2;; ++number) {
    bool is_taken = false;
    for (const FoundUpstream& other : others) {
      is_taken = is_taken || other.kind.provider_id == upstream.kind.provider_id;
    }
    if (!is_taken) return;
    upstream.kind.provider_id = fmt::format("{}-{}", id, number);
  }
}

// No key is shown to services that nobody has named.
std::vector<FoundUpstream> look_around(std::span<const LocalService> services) {
  std::vector<FoundUpstream> found;
  for (const LocalService& service : services) {
    Result<FoundUpstream> upstream = ask_upstream(service.url, InitOptions(), kLocalPatience);
    if (!upstream) {
      const std::string& message = upstream.error().message;
      std::cerr << "penstock: " << service.url << " (" << service.name
                << "): " << message.substr(0, message.find('\n')) << "\n";
      continue;
    }
    give_own_id(*upstream, found);
    tell_found(*upstream);
    found.push_back(std::move(*upstream));
  }
  if (found.empty()) {
    std::cerr << "penstock: no service was found on this machine. Start one, or name one: "
                 "penstock init http://HOST:PORT\n";
  }
  return found;
}

// A file that exists is never written to.
Status write_new_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file < 0 && errno == EEXIST) {
    return failure(mistake(path + " exists, and is not overwritten: choose another name"));
  }
  bool is_written = file >= 0;
  while (is_written && !text.empty()) {
    const ssize_t bytes = ::write(file, text.data(), text.size());
    is_written = bytes > 0;
    if (is_written) text.remove_prefix(static_cast<std::size_t>(bytes));
  }
  if (!is_written) {
    Error error = mistake(path + " cannot be written: " + std::generic_category().message(errno));
    if (file >= 0) ::close(file);
    return failure(std::move(error));
  }
  ::close(file);
  return {};
}

int write_out(const InitOptions& options, const std::vector<FoundUpstream>& found) {
  const std::string command =
      options.url.empty() ? "penstock init" : "penstock init " + found.front().url;
  const std::string text = init_text(found, command);
  if (options.output.empty()) {
    std::cout << text;
    return kSuccess;
  }
  if (Status written = write_new_file(options.output, text); !written) {
    std::cerr << "penstock init: " << written.error().message << "\n";
    return kMistake;
  }
  std::cerr << "penstock: written to " << options.output << "; next: penstock serve "
            << options.output << "\n";
  return kSuccess;
}

}  // namespace

std::span<const LocalService> usual_local_services() {
  static const std::array<LocalService, 4> services = {{{"http://127.0.0.1:11434", "Ollama"},
                                                        {"http://127.0.0.1:8000", "vLLM"},
                                                        {"http://127.0.0.1:8080", "llama.cpp"},
                                                        {"http://127.0.0.1:1234", "LM Studio"}}};
  return services;
}

int init(const InitOptions& options, std::span<const LocalService> local) {
  if (!options.output.empty() && ::access(options.output.c_str(), F_OK) == 0) {
    std::cerr << "penstock init: " << options.output
              << " exists, and is not overwritten: choose another name\n";
    return kMistake;
  }
  if (options.url.empty() && !options.key_variable.empty()) {
    std::cerr << "penstock init: --key-env needs the URL of the service that the key is for\n";
    return kMistake;
  }
  if (options.url.empty()) {
    const std::vector<FoundUpstream> found = look_around(local);
    return found.empty() ? kFailed : write_out(options, found);
  }
  Result<FoundUpstream> upstream = ask_upstream(options.url, options, kPatience);
  if (!upstream) {
    std::cerr << "penstock init: " << options.url << ": " << upstream.error().message << "\n";
    return upstream.error().kind == ErrorKind::kInvalidRequest ? kMistake : kFailed;
  }
  tell_found(*upstream);
  return write_out(options, {std::move(*upstream)});
}

}  // namespace penstock::app
