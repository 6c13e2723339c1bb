#pragma once

// Wording: what one part of an answer says, token by token: a run of the made-up prose, or a given
// text. Its tokens are the contents of JSON strings.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/token_text.h"

namespace penstock::sim {

class Wording {
 public:
  Wording() = default;
  // `text` outlives the wording.
  Wording(const TokenText& text, std::size_t start, std::size_t tokens)
      : text_(&text), start_(start), tokens_(tokens) {}
  // A given text, cut into pieces of a few characters.
  static Wording of(std::string_view text);

  // Given tokens, which need not be JSON.
  static Wording raw(std::vector<std::string> tokens);

  std::size_t tokens() const { return tokens_; }
  std::string_view token(std::size_t index) const {
    return text_ != nullptr ? text_->token(start_, index) : std::string_view(pieces_[index]);
  }
  // `count` tokens from `from` on, or as many as there are.
  Wording slice(std::size_t from, std::size_t count) const;
  // All tokens as one text, as the contents of a JSON string.
  void append(std::string& out) const;
  // All tokens as one text, unescaped.
  std::string plain() const;

 private:
  const TokenText* text_ = nullptr;
  std::size_t start_ = 0;
  std::size_t tokens_ = 0;
  std::vector<std::string> pieces_;  // where text_ is null
};

}  // namespace penstock::sim
