#pragma once

// What is said about a model: a JSON object in its original bytes.
//
// It comes from the configuration, from a registration at run time or from an upstream's list, and
// is read once, here; writing it out copies bytes.

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::models {

class Metadata {
 public:
  Metadata() = default;  // {}
  // `object` is a JSON object that was read (core/json_reader.h) or written by us.
  explicit Metadata(std::string object);

  // The original text, including any `model_type`.
  std::string_view text() const { return text_; }

  // Its members, without the surrounding braces, in two parts: before and after `model_type`, which
  // the list of models states itself. Both may be empty.
  std::string_view members_before() const;
  std::string_view members_after() const;

 private:
  std::string text_ = "{}";
  std::size_t begin_ = 1;  // of the members
  std::size_t end_ = 1;
  // What is between the two parts, including one comma.
  std::size_t cut_begin_ = 1;
  std::size_t cut_end_ = 1;
};

}  // namespace penstock::models
