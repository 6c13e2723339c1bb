#include "sim/plain_words.h"

#include <optional>
#include <utility>

#include "sim/refusals.h"

namespace penstock::sim {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<WordLine>> split() && {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' || c == ';') {
        end_line();
        if (c == '\n') ++number_;
        ++at_;
      } else if (is_space(c)) {
        ++at_;
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (!take_word()) {
        return line_refusal(number_, "the text or object has no end: " + rest_of_line());
      }
    }
    end_line();
    return std::move(lines_);
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

  bool take_word() {
    std::optional<std::string> word;
    if (text_[at_] == '"') {
      word = quoted();
    } else if (text_[at_] == '{') {
      word = object();
    } else {
      word = bare();
    }
    if (!word) return false;
    words_.push_back(std::move(*word));
    return true;
  }

  std::string bare() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n;", at_), text_.size());
    const std::size_t begin = std::exchange(at_, end);
    return std::string(text_.substr(begin, end - begin));
  }

  // Nullopt: it has no end.
  std::optional<std::string> quoted() {
    std::string word;
    for (std::size_t i = at_ + 1; i < text_.size() && text_[i] != '\n'; ++i) {
      if (text_[i] == '"') {
        at_ = i + 1;
        return word;
      }
      if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
      word.push_back(text_[i]);
    }
    return std::nullopt;
  }

  std::optional<std::string> object() {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = at_; i < text_.size() && text_[i] != '\n'; ++i) {
      const char c = text_[i];
      if (c == '\\' && in_string) ++i;
      if (c == '"') in_string = !in_string;
      if (in_string) continue;
      if (c == '{') ++depth;
      if (c == '}' && --depth == 0) {
        const std::size_t begin = std::exchange(at_, i + 1);
        return std::string(text_.substr(begin, at_ - begin));
      }
    }
    return std::nullopt;
  }

  std::string rest_of_line() const {
    return std::string(text_.substr(at_, text_.find('\n', at_) - at_));
  }

  void end_line() {
    if (!words_.empty()) lines_.push_back({number_, std::exchange(words_, {})});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t number_ = 1;
  std::vector<std::string> words_;
  std::vector<WordLine> lines_;
};

}  // namespace

Result<std::vector<WordLine>> split_words(std::string_view text) {
  return Splitter(text).split();
}

std::unexpected<Error> line_refusal(std::size_t line, const std::string& message) {
  return refusal("line " + std::to_string(line) + ": " + message);
}

}  // namespace penstock::sim
