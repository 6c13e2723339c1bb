#include "sim/wording.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace penstock::sim {
namespace {

// A piece ends before a space, or after so many bytes.
constexpr std::size_t kPieceBytes = 16;

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::size_t first_piece(std::string_view text) {
  std::size_t end = std::min(text.find(' ', 1), std::min(text.size(), kPieceBytes));
  while (end < text.size() && continues_character(text[end])) ++end;
  return end;
}

}  // namespace

Wording Wording::of(std::string_view text) {
  Wording wording;
  while (!text.empty()) {
    const std::size_t bytes = first_piece(text);
    append_json_escaped(wording.pieces_.emplace_back(), text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
  wording.tokens_ = wording.pieces_.size();
  return wording;
}

Wording Wording::raw(std::vector<std::string> tokens) {
  Wording wording;
  wording.pieces_ = std::move(tokens);
  wording.tokens_ = wording.pieces_.size();
  return wording;
}

Wording Wording::slice(std::size_t from, std::size_t count) const {
  Wording part(*this);
  from = std::min(from, tokens_);
  part.tokens_ = std::min(count, tokens_ - from);
  if (text_ != nullptr) {
    part.start_ += from;
  } else {
    const auto first = pieces_.begin() + static_cast<std::ptrdiff_t>(from);
    part.pieces_.assign(first, first + static_cast<std::ptrdiff_t>(part.tokens_));
  }
  return part;
}

void Wording::append(std::string& out) const {
  if (text_ != nullptr) return text_->append(out, start_, tokens_);
  for (const std::string& piece : pieces_) out.append(piece);
}

std::string Wording::plain() const {
  std::string escaped;
  append(escaped);
  std::string plain;
  append_json_unescaped(plain, escaped);
  return plain;
}

}  // namespace penstock::sim
