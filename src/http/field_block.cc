#include "http/field_block.h"

#include <utility>

#include "core/text.h"
#include "http/serializer.h"

namespace penstock::http {
namespace {

// They frame the message (RFC 9112 section 6) or belong to the connection (RFC 9110 section 7.6.1).
constexpr FieldNames kWrittenHere(FieldName::kConnection, FieldName::kContentLength,
                                  FieldName::kExpect, FieldName::kKeepAlive,
                                  FieldName::kProxyConnection, FieldName::kTe, FieldName::kTrailer,
                                  FieldName::kTransferEncoding, FieldName::kUpgrade);

}  // namespace

FieldBlock::FieldBlock(FieldBlock&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      lines_(std::move(other.lines_)),
      names_(std::exchange(other.names_, {})) {
  other.lines_.clear();
}

FieldBlock& FieldBlock::operator=(FieldBlock&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  lines_ = std::move(other.lines_);
  other.lines_.clear();
  names_ = std::exchange(other.names_, {});
  return *this;
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  const FieldName known_name = field_name_of(name);
  if (kWrittenHere.contains(known_name)) return;
  names_.insert(known_name);
  append_field(lines_, name, value);
}

void FieldBlock::add(FieldName known_name, NameLiteral name, std::string_view value) {
  if (kWrittenHere.contains(known_name)) return;
  names_.insert(known_name);
  append_literal_field(lines_, name, value);
}

void FieldBlock::add(const Field& received) {
  if (kWrittenHere.contains(received.known_name)) return;
  names_.insert(received.known_name);
  append_received_field(lines_, received);
}

void FieldBlock::add(const FieldBlock& prepared) {
  names_.insert(prepared.names_);
  lines_.append(prepared.lines_);
}

std::optional<std::string_view> FieldBlock::find(std::string_view name) const {
  std::optional<std::string_view> found;
  for_each([&](std::string_view field, std::string_view value) {
    if (!found && equals_ignoring_case(field, name)) found = value;
  });
  return found;
}

void FieldBlock::remove(std::string_view name) {
  if (!find(name)) return;
  FieldBlock kept;
  for_each([&](std::string_view field, std::string_view value) {
    if (!equals_ignoring_case(field, name)) kept.add(field, value);
  });
  lines_ = kept.lines_;
  names_ = kept.names_;
}

void FieldBlock::clear() {
  lines_.clear();
  names_ = {};
}

void FieldBlock::release() {
  names_ = {};
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->keep_text(std::move(lines_));
  if (!lines_.empty()) lines_ = {};
}

}  // namespace penstock::http
