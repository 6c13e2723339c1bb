#pragma once

// TokenText: the prose from which answers are cut.
//
// One long text is created at startup, from a seed, and split into tokens (a word with the space
// before it). An answer is a run of tokens from the start of a sentence: making one costs a copy,
// not a generation. The text is stored as the contents of a JSON string. Immutable, shared by all
// threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::sim {

class TokenText {
 public:
  explicit TokenText(std::uint64_t seed);

  // The token at which the answer for `hash` starts.
  std::size_t start(std::uint64_t hash) const { return starts_[hash % starts_.size()]; }

  // Token `index` of the answer that starts at `start`; the text wraps around.
  std::string_view token(std::size_t start, std::size_t index) const;

  // The answer's first `count` tokens as one text.
  void append(std::string& out, std::size_t start, std::size_t count) const;

 private:
  std::size_t tokens() const { return ends_.size(); }
  std::size_t begin_of(std::size_t token) const { return token == 0 ? 0 : ends_[token - 1]; }

  std::string text_;
  std::vector<std::size_t> ends_;    // of each token in text_
  std::vector<std::size_t> starts_;  // the tokens that begin a sentence
};

}  // namespace penstock::sim
