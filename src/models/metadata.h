#pragma once

// What is said about a model: a JSON object, kept as the bytes that came.
//
// It comes from the configuration, from a registration at run time or from an upstream's list, and
// is read once, here; whoever writes it out copies bytes.

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::models {

class Metadata {
 public:
  Metadata() = default;  // {}
  // `object` is a JSON object that was read before (core/json_reader.h) or written by ourselves.
  explicit Metadata(std::string object);

  // As it came, with the `model_type` that it may state.
  std::string_view text() const { return text_; }

  // Its members, without the braces around them, in two parts: before and after `model_type`, which
  // the list of models says itself. Both may be empty.
  std::string_view members_before() const;
  std::string_view members_after() const;

 private:
  std::string text_ = "{}";
  std::size_t begin_ = 1;  // of the members
  std::size_t end_ = 1;
  // What is between the two parts, with a comma that goes with it.
  std::size_t cut_begin_ = 1;
  std::size_t cut_end_ = 1;
};

}  // namespace penstock::models
