#include "config/environment.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace penstock::config {
namespace {

constexpr std::string_view kOpening = "${env.";

bool is_name_byte(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// One reference, of the form \${env\.([A-Z0-9_]+)(?::([=+])([^}]*))?}
struct Reference {
  std::string_view name;
  char operation = 0;  // '=', '+', or 0 for none
  std::string_view operand;
  std::size_t length = 0;  // in the text, braces included
};

// The reference at the front of `text`, which begins with kOpening.
std::optional<Reference> parse_reference(std::string_view text) {
  Reference reference;
  std::size_t end = kOpening.size();
  while (end < text.size() && is_name_byte(text[end])) ++end;
  reference.name = text.substr(kOpening.size(), end - kOpening.size());
  if (reference.name.empty() || end == text.size()) return std::nullopt;
  if (text[end] == ':') {
    if (end + 1 == text.size()) return std::nullopt;
    reference.operation = text[end + 1];
    if (reference.operation != '=' && reference.operation != '+') return std::nullopt;
    const std::size_t operand = end + 2;
    end = text.find('}', operand);
    if (end == std::string_view::npos) return std::nullopt;
    reference.operand = text.substr(operand, end - operand);
  }
  if (text[end] != '}') return std::nullopt;
  reference.length = end + 1;
  return reference;
}

std::optional<std::string> value_of(const Reference& reference, const Environment& environment) {
  std::optional<std::string> value = environment(reference.name);
  const bool is_set = value && !value->empty();
  if (reference.operation == '+') return is_set ? std::string(reference.operand) : std::string();
  if (is_set) return value;
  if (reference.operation == '=') return std::string(reference.operand);
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

Substitution substitute(std::string_view text, const Environment& environment) {
  Substitution result;
  if (is_template(text) || is_path_into_environment(text)) ++result.malformed;
  while (!text.empty()) {
    const std::size_t opening = text.find(kOpening);
    result.malformed += foreign_references(text.substr(0, opening));
    result.text.append(text.substr(0, opening));
    if (opening == std::string_view::npos) break;
    text.remove_prefix(opening);
    const std::optional<Reference> reference = parse_reference(text);
    if (!reference) {
      ++result.malformed;
      result.text.append(kOpening);
      text.remove_prefix(kOpening.size());
      continue;
    }
    const std::optional<std::string> value = value_of(*reference, environment);
    if (!value) {
      result.missing_name = std::string(reference->name);
      return result;
    }
    ++result.references;
    // References do not nest: the operand ends at the first brace.
    if (reference->operand.find("${") != std::string_view::npos) ++result.malformed;
    result.text.append(expand_home(*value, environment));
    text.remove_prefix(reference->length);
  }
  return result;
}

}  // namespace penstock::config
