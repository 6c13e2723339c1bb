#pragma once

// Writer of the Prometheus text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
//
// Label values are escaped here, so that any text is safe as one. The output is bounded: a line
// that would exceed the limit is left out and counted, a histogram as a whole.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "telemetry/histogram.h"

namespace penstock::telemetry {

struct Label {
  std::string_view name;
  std::string_view value;
};

class Exposition {
 public:
  using Labels = std::initializer_list<Label>;

  // Appends to `out`, about `bytes_max` in all. `out` must outlive the writer.
  Exposition(std::string& out, std::size_t bytes_max) : out_(out), bytes_max_(bytes_max) {}

  // Begins a family; the samples that follow belong to it. `type` is counter, gauge or histogram;
  // `help` is one line. Always written.
  void family(std::string_view name, std::string_view type, std::string_view help);

  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, std::int64_t value);
  void sample(Labels labels, double value);
  // Cumulative buckets, sum in seconds, and count.
  void histogram(Labels labels, const HistogramValues& values);

  // A sample that is written even after the limit is reached: for the last family.
  void final_sample(std::uint64_t value);

  // Empties `out`; its bytes remain counted.
  void start_anew() {
    bytes_before_ += out_.size();
    out_.clear();
  }

  std::uint64_t lines_left_out() const { return lines_left_out_; }

 private:
  void begin_line(std::string_view suffix, Labels labels, std::string_view upper_bound = {});
  void end_line(std::string_view value);

  std::string& out_;
  std::size_t bytes_max_;
  std::size_t bytes_before_ = 0;
  std::string family_;
  std::string line_;
  std::uint64_t lines_left_out_ = 0;
};

// Appends `value` as the contents of a quoted label value: escapes backslash, quote and line feed;
// replaces other control characters, and bytes beyond ASCII in text that is not UTF-8, by '?'.
void append_label_value(std::string& out, std::string_view value);

}  // namespace penstock::telemetry
