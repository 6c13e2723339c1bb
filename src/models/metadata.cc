#include "models/metadata.h"

#include <utility>

#include "core/json_reader.h"

namespace penstock::models {
namespace {

constexpr std::string_view kTypeKey = "model_type";

}  // namespace

Metadata::Metadata(std::string object) : text_(std::move(object)) {
  // It was read within bounds, or is our own.
  const auto document = JsonDocument::read(text_, {.depth = text_.size(), .values = text_.size()});
  if (!document || !document->root().is_object()) {
    text_ = "{}";
    return;
  }
  const auto end_of = [&](std::string_view part) {
    return static_cast<std::size_t>(part.data() - text_.data()) + part.size();
  };
  begin_ = end_of(document->root().raw().substr(0, 1));
  end_ = end_of(document->root().raw()) - 1;
  cut_begin_ = cut_end_ = end_;
  std::size_t end_before = begin_;  // of the preceding member
  bool type_was_first = false;
  for (const JsonMember member : document->root().members()) {
    if (type_was_first) {  // including the comma after it
      cut_end_ = end_of(member.key->raw()) - member.key->raw().size();
      return;
    }
    const std::size_t end = end_of(member.value.raw());
    if (member.key->is_text(kTypeKey)) {
      cut_begin_ = end_before;
      cut_end_ = end;
      if (end_before != begin_) return;
      type_was_first = true;
    }
    end_before = end;
  }
}

std::string_view Metadata::members_before() const {
  return std::string_view(text_).substr(begin_, cut_begin_ - begin_);
}

std::string_view Metadata::members_after() const {
  return std::string_view(text_).substr(cut_end_, end_ - cut_end_);
}

}  // namespace penstock::models
