#pragma once

// FieldBlock: the fields of a head that is to be sent.
//
// They are kept as the lines that HTTP/1 sends, one after the other in one text, so that a field is
// copied once and prepared fields are copied together. Another version of HTTP would read them with
// for_each(): a line of this form is read in one way only.
//
// Fields that frame a message or belong to one connection (Content-Length, Connection, ...) are
// written by this room alone: a block leaves them out, wherever they come from.
//
// What is added can end no line early: add() checks it like append_field() (http/serializer.h), and
// ends the program if it could.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/field_name.h"
#include "http/head.h"
#include "http/name_literal.h"
#include "http/scratch.h"

namespace penstock::http {

class FieldBlock {
 public:
  FieldBlock() = default;
  // Borrows its memory from the pool, which outlives it.
  explicit FieldBlock(ScratchPool& pool) : pool_(&pool), lines_(pool.take_text()) {}
  FieldBlock(FieldBlock&& other) noexcept;
  FieldBlock& operator=(FieldBlock&& other) noexcept;
  ~FieldBlock() { release(); }

  void add(std::string_view name, std::string_view value);
  // The same where the name is known: it is neither looked up nor checked.
  void add(FieldName known_name, NameLiteral name, std::string_view value);
  // A field from a parser, which has checked it.
  void add(const Field& received);
  // All fields of another block.
  void add(const FieldBlock& prepared);

  // The value of the first field of that name, in any case of letters.
  std::optional<std::string_view> find(std::string_view name) const;
  // Removes all fields of that name, in any case of letters.
  void remove(std::string_view name);

  // Whether there is a field of that name, which must not be kOther.
  bool has(FieldName name) const { return names_.contains(name); }

  void clear();
  // The same, and gives the memory back.
  void release();

  bool empty() const { return lines_.empty(); }
  std::string_view lines() const { return lines_; }
  std::size_t bytes() const { return lines_.size(); }
  // The lines after the first `bytes` bytes, to be masked in place: each line keeps its form.
  std::span<char> lines_after(std::size_t bytes) { return std::span<char>(lines_).subspan(bytes); }

  // Calls `take` with name and value of each field.
  template <class Take>
  void for_each(Take take) const;

 private:
  friend class ServerExchange;

  ScratchPool* pool_ = nullptr;
  std::string lines_;
  FieldNames names_;
};

template <class Take>
void FieldBlock::for_each(Take take) const {
  constexpr std::string_view kBetween = ": ";
  constexpr std::string_view kEnd = "\r\n";
  std::string_view rest = lines_;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(kBetween);
    const std::size_t end = rest.find(kEnd, colon);
    take(rest.substr(0, colon),
         rest.substr(colon + kBetween.size(), end - colon - kBetween.size()));
    rest.remove_prefix(end + kEnd.size());
  }
}

}  // namespace penstock::http
