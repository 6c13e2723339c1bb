#pragma once

// BodyEdits: what is replaced in a body that otherwise passes unchanged.

#include <cstddef>
#include <string_view>
#include <vector>

namespace penstock::wire {

class BodyEdits {
 public:
  // Replaces the bytes from `begin` up to `end`. Edits are made in the order of the body and do not
  // overlap. `text` is not copied.
  void replace(std::size_t begin, std::size_t end, std::string_view text) {
    const Edit edit{begin, end, text};
    if (count_++ == 0) {
      first_ = edit;
    } else {
      more_.push_back(edit);
    }
    added_ += text.size();
    removed_ += end - begin;
  }

  std::size_t count() const { return count_; }
  // The size of the edited body.
  std::size_t bytes_of(std::string_view body) const { return body.size() - removed_ + added_; }

  // Calls `take` for each piece of the edited body, in order: at most two for each edit, and one.
  template <class Take>
  void for_each_piece(std::string_view body, Take take) const {
    std::size_t at = 0;
    const auto edit = [&](const Edit& each) {
      take(body.substr(at, each.begin - at));
      take(each.text);
      at = each.end;
    };
    if (count_ > 0) edit(first_);
    for (const Edit& each : more_) edit(each);
    take(body.substr(at));
  }

 private:
  struct Edit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view text;
  };

  std::size_t count_ = 0;
  Edit first_;  // nearly every body has one
  std::vector<Edit> more_;
  std::size_t added_ = 0;
  std::size_t removed_ = 0;
};

}  // namespace penstock::wire
