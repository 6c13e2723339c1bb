#include "wire/bodies/request_size.h"

#include <algorithm>

#include "core/text.h"
#include "wire/json/key.h"
#include "wire/json/visit.h"

namespace penstock::wire {
namespace {

// From here on, a string without anything but base64's characters is base64.
constexpr std::size_t kBase64Bytes = 256;

constexpr std::size_t kMembersOfSizeMax = 1024;
// More than any model writes; their product fits.
constexpr std::uint64_t kOutputTokensMax = 1'000'000'000;
constexpr std::uint64_t kAnswersMax = 1'000;

bool is_base64(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '+' || c == '/' ||
         c == '-' || c == '_' || c == '=' || c == '\\';  // of an escaped slash
}

// Text has a space, or punctuation, soon.
bool looks_like_base64(std::string_view text) {
  return text.size() >= kBase64Bytes &&
         std::ranges::all_of(text.substr(0, kBase64Bytes), is_base64);
}

std::uint64_t beyond_ascii(std::string_view text) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
}

// The strings of a text that is JSON, one after the other.
class Strings {
 public:
  explicit Strings(std::string_view json) : json_(json) {}

  struct Found {
    std::string_view text;  // as spelled
    bool is_name = false;   // of a member
    bool is_ascii = true;
  };
  std::optional<Found> next();

 private:
  const std::string_view json_;
  const JsonInstructions instructions_ = json_instructions();
  std::size_t at_ = 0;
};

std::optional<Strings::Found> Strings::next() {
  const std::size_t quote = json_.find('"', at_);
  if (quote == std::string_view::npos) return std::nullopt;
  const char* const end = json_.data() + json_.size();
  const JsonScan scan = scan_json(json_.data() + quote, end, instructions_);
  if (scan.fault != JsonFault::kNone) return std::nullopt;
  at_ = static_cast<std::size_t>(scan.at - json_.data());
  const std::size_t after = json_.find_first_not_of(" \t\r\n", at_);
  return Found{.text = json_.substr(quote + 1, at_ - quote - 2),
               .is_name = after != std::string_view::npos && json_[after] == ':',
               .is_ascii = scan.ascii};
}

class SizeReader {
 public:
  RequestSize read(std::string_view body);

 private:
  void take_text(std::string_view body);
  void take_string(const Strings::Found& string);
  void take_type(std::string_view type);
  void take_member(const JsonWalk::String& key, std::string_view value);

  RequestSize size_;
  std::uint64_t answers_ = 1;
};

RequestSize SizeReader::read(std::string_view body) {
  take_text(body);
  JsonWalk walk(body);
  walk.skip_space();
  std::size_t members_left = kMembersOfSizeMax;
  visit_members(walk, members_left, [&](const JsonWalk::String& key) {
    const std::optional<std::string_view> value = walk.take_value();
    if (value) take_member(key, *value);
    return value.has_value();
  });
  if (size_.output_tokens) {
    size_.output_tokens = std::min(*size_.output_tokens, kOutputTokensMax) *
                          std::clamp<std::uint64_t>(answers_, 1, kAnswersMax);
  }
  return size_;
}

void SizeReader::take_text(std::string_view body) {
  Strings strings(body);
  std::string_view name;
  for (auto found = strings.next(); found; found = strings.next()) {
    if (!found->is_name && name == "type") take_type(found->text);
    if (!found->is_name && name == "detail" && found->text == "low") ++size_.small_images;
    take_string(*found);
    name = found->is_name ? found->text : std::string_view();
  }
  // A small one is an image, too.
  size_.small_images = std::min(size_.small_images, size_.images);
  size_.images -= size_.small_images;
}

void SizeReader::take_string(const Strings::Found& string) {
  if (string.text.starts_with("data:") || looks_like_base64(string.text)) return;
  const std::uint64_t other = string.is_ascii ? 0 : beyond_ascii(string.text);
  size_.text.other_bytes += other;
  size_.text.ascii_bytes += string.text.size() - other;
}

// The parts of a message in the APIs: chat completions, Responses and Messages.
void SizeReader::take_type(std::string_view type) {
  if (type == "image_url" || type == "input_image" || type == "image") ++size_.images;
  if (type == "file" || type == "input_file" || type == "document" || type == "input_audio") {
    ++size_.files;
  }
}

void SizeReader::take_member(const JsonWalk::String& key, std::string_view value) {
  const auto is = [&](std::string_view name) { return is_json_key(key.text, key.escaped, name); };
  if (is("max_tokens") || is("max_completion_tokens") || is("max_output_tokens")) {
    // Of two, the larger one: which of them counts is the upstream's affair.
    const std::optional<std::uint64_t> stated = parse_decimal(value);
    if (stated) size_.output_tokens = std::max(size_.output_tokens.value_or(0), *stated);
  } else if (is("n")) {
    answers_ = parse_decimal(value).value_or(1);
  }
}

}  // namespace

RequestSize read_size(std::string_view body) {
  return SizeReader().read(body);
}

}  // namespace penstock::wire
