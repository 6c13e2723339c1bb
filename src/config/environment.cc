#include "config/environment.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace penstock::config {
namespace {

constexpr std::string_view kOpening = "${env.";
constexpr std::string_view kFileOpening = "${file:";

bool is_name_byte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What follows the name in a reference: `}`, `:=default}` or `:+value}`.
struct Operation {
  char sign = 0;  // '=', '+', or 0 for none
  std::string_view operand;
  std::size_t end = 0;  // in the text, after the brace
};

std::optional<Operation> parse_operation(std::string_view text, std::size_t at) {
  Operation operation;
  if (text.substr(at, 1) == ":") {
    if (at + 1 == text.size()) return std::nullopt;
    operation.sign = text[at + 1];
    if (operation.sign != '=' && operation.sign != '+') return std::nullopt;
    const std::size_t operand = at + 2;
    at = text.find('}', operand);
    if (at == std::string_view::npos) return std::nullopt;
    operation.operand = text.substr(operand, at - operand);
  }
  if (text.substr(at, 1) != "}") return std::nullopt;
  operation.end = at + 1;
  return operation;
}

// One reference, of the form \${env\.([A-Z0-9_]+)(?::([=+])([^}]*))?}, or the same with `file:`
// and a path.
struct Reference {
  bool is_file = false;
  std::string_view name;  // of the variable, or the path as written
  Operation operation;
};

// The reference at the front of `text`, which begins with kOpening.
std::optional<Reference> parse_variable(std::string_view text) {
  std::size_t end = kOpening.size();
  while (end < text.size() && is_name_byte(text[end])) ++end;
  const std::string_view name = text.substr(kOpening.size(), end - kOpening.size());
  if (name.empty()) return std::nullopt;
  const std::optional<Operation> operation = parse_operation(text, end);
  if (!operation) return std::nullopt;
  return Reference{.is_file = false, .name = name, .operation = *operation};
}

bool begins_operation(std::string_view rest) {
  return rest.starts_with('}') || rest.starts_with(":=") || rest.starts_with(":+");
}

// The reference at the front of `text`, which begins with kFileOpening.
std::optional<Reference> parse_file(std::string_view text) {
  std::size_t end = kFileOpening.size();
  while (end < text.size() && !begins_operation(text.substr(end))) {
    if (!text.substr(end).starts_with(kOpening)) {
      ++end;
      continue;
    }
    const std::optional<Reference> variable = parse_variable(text.substr(end));
    if (!variable) return std::nullopt;
    end += variable->operation.end;
  }
  const std::string_view path = text.substr(kFileOpening.size(), end - kFileOpening.size());
  if (path.empty()) return std::nullopt;
  const std::optional<Operation> operation = parse_operation(text, end);
  if (!operation) return std::nullopt;
  return Reference{.is_file = true, .name = path, .operation = *operation};
}

std::optional<Reference> parse_reference(std::string_view text) {
  return text.starts_with(kOpening) ? parse_variable(text) : parse_file(text);
}

// Where the first text begins that may be a reference.
std::size_t find_opening(std::string_view text) {
  return std::min(text.find(kOpening), text.find(kFileOpening));
}

// The value after the operation; nullopt if there is neither a value nor a default.
std::optional<std::string> applied(const Operation& operation, std::optional<std::string> value) {
  if (operation.sign == '+') return value ? std::string(operation.operand) : std::string();
  if (value) return value;
  if (operation.sign == '=') return std::string(operation.operand);
  return std::nullopt;
}

bool is_variable_byte(char c) {
  return is_name_byte(c) || (c >= 'a' && c <= 'z');
}

bool ends_word(std::string_view text, std::size_t at) {
  return at >= text.size() || std::string_view(" \t\n/:,;\"'").find(text[at]) != text.npos;
}

// `$NAME` or `$(…)`: what a shell would replace. Only whole words count, since passwords contain
// dollar signs too.
bool is_shell_reference(std::string_view text, std::size_t dollar) {
  const bool begins_word =
      dollar == 0 || std::string_view(" \t\n\"'").find(text[dollar - 1]) != text.npos;
  std::size_t end = dollar + 1;
  if (!begins_word || end == text.size()) return false;
  if (text[end] == '(') return text.find(')', end) != text.npos;
  if (text[end] >= '0' && text[end] <= '9') return false;
  while (end < text.size() && is_variable_byte(text[end])) ++end;
  return end > dollar + 1 && ends_word(text, end);
}

// Counts those in the text between references.
std::size_t foreign_references(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find('$'); at != text.npos; at = text.find('$', at + 1)) {
    const bool has_brace = at + 1 < text.size() && text[at + 1] == '{';
    if (has_brace || is_shell_reference(text, at)) ++count;
  }
  return count;
}

// `{{ NAME }}`, alone or after a word. Templates may continue after their braces.
bool is_template(std::string_view text) {
  const std::size_t opening = text.find("{{");
  if (opening == text.npos || !text.ends_with("}}")) return false;
  return text.find("}}", opening) + 2 == text.size() &&
         (opening == 0 || ends_word(text, opening - 1));
}

// `os.environ/NAME`, as LiteLLM's files have it.
bool is_path_into_environment(std::string_view text) {
  constexpr std::string_view kPrefix = "os.environ/";
  return text.starts_with(kPrefix) && text.size() > kPrefix.size() &&
         std::ranges::all_of(text.substr(kPrefix.size()), is_variable_byte);
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string expand_home(std::string_view path, const Environment& environment) {
  const bool at_home = path == "~" || path.starts_with("~/");
  const std::optional<std::string> home = at_home ? environment("HOME") : std::nullopt;
  if (!home || home->empty()) return std::string(path);
  return *home + std::string(path.substr(1));
}

namespace {

// Appends what the reference stands for. False if that is nothing, and said in the result.
bool append_variable(Substitution& result, const Reference& reference,
                     const Environment& environment) {
  std::optional<std::string> value = environment(reference.name);
  if (value && value->empty()) value.reset();
  value = applied(reference.operation, std::move(value));
  if (!value) {
    result.missing_name = std::string(reference.name);
    return false;
  }
  result.text.append(expand_home(*value, environment));
  return true;
}

// The same; what is absent has no value, and what is unusable has no default either: a key that is
// there but cannot be read is a mistake.
bool append_file(Substitution& result, const Reference& reference, const Environment& environment) {
  const Substitution path = substitute(reference.name, environment);
  result.malformed += path.malformed;
  if (path.malformed > 0) return true;
  FileReference file;
  std::string place;
  if (!path.missing_name) {
    place = expand_home(path.text, environment);
    file = read_file_reference(place);
  }
  const bool is_read = file.state == FileReference::State::kRead;
  std::optional<std::string> text;
  if (is_read) text = file.text;
  text = applied(reference.operation, std::move(text));
  if (!text || file.state == FileReference::State::kUnusable) {
    result.missing_name = path.missing_name;
    if (!path.missing_name) result.file_fault = file.remark;
    return false;
  }
  if (is_read) {
    if (!file.remark.empty()) result.warnings.push_back(file.remark);
    result.files.push_back({.path = place, .text = Secret(file.text)});
  }
  result.text.append(*text);
  return true;
}

}  // namespace

Substitution substitute(std::string_view text, const Environment& environment) {
  Substitution result;
  if (is_template(text) || is_path_into_environment(text)) ++result.malformed;
  while (!text.empty()) {
    const std::size_t opening = find_opening(text);
    result.malformed += foreign_references(text.substr(0, opening));
    result.text.append(text.substr(0, opening));
    if (opening == std::string_view::npos) break;
    text.remove_prefix(opening);
    const std::optional<Reference> reference = parse_reference(text);
    if (!reference) {
      ++result.malformed;
      const std::size_t brace = text.find('{') + 1;
      result.text.append(text.substr(0, brace));
      text.remove_prefix(brace);
      continue;
    }
    const bool appended = reference->is_file ? append_file(result, *reference, environment)
                                             : append_variable(result, *reference, environment);
    if (!appended) return result;
    ++result.references;
    // Nothing nests in an operand: it ends at the first brace.
    if (reference->operation.operand.find("${") != std::string_view::npos) ++result.malformed;
    text.remove_prefix(reference->operation.end);
  }
  return result;
}

}  // namespace penstock::config
