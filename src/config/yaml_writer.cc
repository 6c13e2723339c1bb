#include "config/yaml_writer.h"

#include <algorithm>
#include <array>

#include "config/scalar.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::size_t kIndent = 2;

bool is_plain_byte(char c) {
  return is_letter(c) || is_digit(c) ||
         std::string_view("._-/:+").find(c) != std::string_view::npos;
}

// Begins with a letter, has no syntax in it, and is no word that YAML 1.1 or 1.2 reads otherwise.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords = {"null", "y", "n"};
  const bool is_word = std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return equals_ignoring_case(word, text);
  });
  return !text.empty() && is_letter(text.front()) && text.back() != ':' && !is_word &&
         !parse_boolean(text) && std::all_of(text.begin(), text.end(), is_plain_byte);
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
  return is_plain(text) ? std::string(text) : json_quoted(text);
}

void YamlWriter::begin_line() {
  if (dash_ == Dash::kPending) {
    result_.append((depth_ - 1) * kIndent, ' ').append("- ");
    dash_ = Dash::kNone;
  } else {
    result_.append(depth_ * kIndent, ' ');
  }
}

std::string YamlWriter::shown(std::string_view value) const {
  std::string text(value);
  hidden_.mask(text);
  return text;
}

void YamlWriter::literal(std::string_view key, std::string_view value) {
  begin_line();
  result_.append(yaml_scalar(key)).append(": ").append(shown(value)).append("\n");
}

void YamlWriter::text(std::string_view key, std::string_view value) {
  literal(key, yaml_scalar(shown(value)));
}

void YamlWriter::text(std::string_view key, std::string_view value, const Secret&) {
  text(key, value);
}

void YamlWriter::secret(std::string_view key, const Secret&) {
  text(key, Secret::kMask);
}

void YamlWriter::text_item(std::string_view value) {
  begin_line();
  result_.append("- ").append(yaml_scalar(shown(value))).append("\n");
}

void YamlWriter::open(std::string_view key) {
  begin_line();
  result_.append(yaml_scalar(key)).append(":\n");
  ++depth_;
}

void YamlWriter::open_item() {
  ++depth_;
  dash_ = Dash::kPending;
}

void YamlWriter::close() {
  --depth_;
}

}  // namespace penstock::config
