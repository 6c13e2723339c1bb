#include "telemetry/exposition.h"

#include <fmt/format.h>

#include "core/text.h"

namespace penstock::telemetry {

void append_label_value(std::string& out, std::string_view value) {
  const bool keep_beyond_ascii = is_valid_utf8(value);
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !keep_beyond_ascii)) {
      out.push_back('?');
    } else {
      out.push_back(c);
    }
  }
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  family_ = name;
  out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void Exposition::begin_line(std::string_view suffix, Labels labels, std::string_view upper_bound) {
  line_.assign(family_).append(suffix);
  char separator = '{';
  for (const Label& label : labels) {
    line_.push_back(separator);
    line_.append(label.name).append("=\"");
    append_label_value(line_, label.value);
    line_.push_back('"');
    separator = ',';
  }
  if (!upper_bound.empty()) {
    line_.push_back(separator);
    line_.append("le=\"").append(upper_bound).append("\"");
    separator = ',';
  }
  if (separator == ',') line_.push_back('}');
  line_.push_back(' ');
}

void Exposition::end_line(std::string_view value) {
  line_.append(value).push_back('\n');
  if (bytes_before_ + out_.size() + line_.size() > bytes_max_) {
    ++lines_left_out_;
  } else {
    out_.append(line_);
  }
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  begin_line({}, labels);
  end_line(fmt::format_int(value).c_str());
}

void Exposition::sample(Labels labels, std::int64_t value) {
  begin_line({}, labels);
  end_line(fmt::format_int(value).c_str());
}

void Exposition::sample(Labels labels, double value) {
  begin_line({}, labels);
  end_line(fmt::format("{:.3f}", value));
}

void Exposition::final_sample(std::uint64_t value) {
  begin_line({}, {});
  out_.append(line_).append(fmt::format_int(value).c_str()).push_back('\n');
}

void Exposition::histogram(Labels labels, const HistogramValues& values) {
  const std::size_t start = out_.size();
  const std::uint64_t left_out_before = lines_left_out_;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < kBucketCount; ++i) {
    cumulative += values.buckets[i];
    begin_line("_bucket", labels, i < kBucketBounds.size() ? kBucketBounds[i].seconds : "+Inf");
    end_line(fmt::format_int(cumulative).c_str());
  }
  begin_line("_sum", labels);
  end_line(fmt::format("{}.{:06}", values.sum_microseconds / 1'000'000,
                       values.sum_microseconds % 1'000'000));
  begin_line("_count", labels);
  end_line(fmt::format_int(cumulative).c_str());
  if (lines_left_out_ != left_out_before) {
    // Half a histogram would be wrong, which is worse than missing.
    out_.resize(start);
    lines_left_out_ = left_out_before + kBucketCount + 2;
  }
}

}  // namespace penstock::telemetry
