#include "core/secret_guard.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/secret_spelling.h"

namespace penstock {
namespace {

constexpr std::size_t kGramBytes = 4;
// About one look-up in so many in the table of grams is a false hit.
constexpr std::size_t kGramsSpread = 128;
constexpr std::size_t kGramsMin = 4096;
constexpr std::size_t kGramsMax = 1 << 20;

// The size of the parts in which a text is read closely.
constexpr std::size_t kSliceBytes = 4096;

// The mark of a byte: it stays, it is masked, or it is masked if it is a digit.
constexpr char kStays = '\0';
constexpr char kGoes = '*';
constexpr char kDigitGoes = '1';

// Placeholders of examples and defaults, for services without keys. Compared ignoring case.
constexpr std::array<std::string_view, 16> kPlaceholders = {
    "changeme",     "dummy-key",     "dummy_key",    "lm-studio",
    "no-api-key",   "no-key-needed", "not-needed",   "no-key-required",
    "not-required", "password",      "placeholder",  "sk-no-key-required",
    "unused-key",   "your-api-key",  "your_api_key", "your-key-here"};

// The prefixes of well-known services' keys; of two that match, the longer comes first.
constexpr std::array<std::string_view, 18> kKnownBeginnings = {
    "sk-ant-admin01-", "sk-ant-api03-", "sk-ant-oat01-", "sk-svcacct-", "sk-admin-", "sk-proj-",
    "sk-or-v1-",       "sk-lf-",        "sk-ant-",       "github_pat_", "nvapi-",    "tgp_v1_",
    "glpat-",          "pplx-",         "gsk_",          "xai-",        "hf_",       "sk-"};

bool is_placeholder(std::string_view secret) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::any_of(kPlaceholders, [&](std::string_view known) {
    return std::ranges::equal(known, secret, {}, {}, lower);
  });
}

std::size_t known_bytes_of(std::string_view secret) {
  for (std::string_view known : kKnownBeginnings) {
    if (secret.starts_with(known)) return known.size();
  }
  return 0;
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool is_alphanumeric(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

// Whether a byte can occur outside the strings of a JSON text, other than in literals.
bool may_be_bare(char c) {
  return (c >= '0' && c <= '9') || std::string_view("+-.eE:,[]{} ").find(c) != std::string::npos;
}

std::uint64_t load64(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// `length` is 8 to 16.
std::size_t hash_of(const char* at, std::size_t length) {
  std::uint64_t hash = load64(at) * 0x9E37'79B9'7F4A'7C15;
  hash ^= hash >> 32;
  hash = (hash + load64(at + length - 8)) * 0xD6E8'FEB8'6659'FD93;
  return static_cast<std::size_t>(hash ^ hash >> 29);
}

// The first byte at which an escape may begin.
const char* find_escape(const char* at, const char* end) {
#if defined(__SSE2__)
  const auto marks = [](const char* from) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('%'))),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&')));
  };
  for (; end - at >= 64; at += 64) {
    const __m128i any = _mm_or_si128(_mm_or_si128(marks(at), marks(at + 16)),
                                     _mm_or_si128(marks(at + 32), marks(at + 48)));
    if (_mm_movemask_epi8(any) != 0) break;
  }
  if (end - at >= 16) {
    const char* const last = end - 16;
    for (;; at = std::min(at + 16, last)) {
      const auto found = static_cast<unsigned>(_mm_movemask_epi8(marks(at)));
      if (found != 0) return at + std::countr_zero(found);
      if (at == last) return end;
    }
  }
#endif
  while (at != end && *at != '\\' && *at != '%' && *at != '&') ++at;
  return at;
}

}  // namespace

SecretGuard::SecretGuard(std::span<const std::string_view> secrets) {
  for (std::string_view secret : secrets) {
    has_backslash_ = has_backslash_ || secret.find('\\') != std::string_view::npos;
  }
  const std::vector<Needle> needles = needles_of(secrets);
  std::size_t runs_max = 0;
  for (const Needle& needle : needles) runs_max += needle.text.size();
  if (runs_max == 0) return;
  slots_.resize(std::bit_ceil(2 * runs_max));
  const std::size_t grams =
      std::clamp(std::bit_ceil(kGramsSpread * runs_max), kGramsMin, kGramsMax);
  grams_.resize(grams);
  gram_shift_ = 32 - static_cast<unsigned>(std::countr_zero(grams));
  for (const Needle& needle : needles) add(needle);
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const char byte = static_cast<char>(i);
    wanted_[i] = bytes_[i] || is_alphanumeric(byte) ||
                 std::string_view("\\%&#;").find(byte) != std::string_view::npos;
  }
  if (slots_used_ > 0) stride_ = lengths_.front() - kGramBytes + 1;
}

std::vector<SecretGuard::Needle> SecretGuard::needles_of(
    std::span<const std::string_view> secrets) {
  std::vector<Needle> needles;
  std::size_t with_base64 = 0;
  for (std::string_view secret : secrets) {
    const std::string plain = unspelled_form(secret);
    if (plain.size() < kSecretBytesMin || is_placeholder(plain)) continue;
    const std::size_t known = known_bytes_of(plain);
    needles.push_back({plain, std::min(plain.size(), kRunBytes), known});
    if (++with_base64 > kBase64SecretsMax) continue;
    for (std::size_t offset = 0; offset < 3; ++offset) {
      Needle digits{base64_digits(secret, offset), 0, base64_digits_of(known, offset)};
      digits.run_bytes = std::min(digits.text.size(), kBase64RunDigits);
      needles.push_back(digits);
      std::ranges::replace(digits.text, '+', '-');
      std::ranges::replace(digits.text, '/', '_');
      if (digits.text != needles.back().text) needles.push_back(std::move(digits));
    }
  }
  return needles;
}

void SecretGuard::add(const Needle& needle) {
  const auto number = static_cast<std::uint32_t>(needles_.size());
  needles_.push_back(needle.text);
  const std::string& text = needles_.back();
  const std::size_t length = needle.run_bytes;
  for (std::size_t at = 0; at + length <= text.size(); ++at) {
    if (at + length <= needle.known_bytes) continue;
    // A run consists of whole characters, and of no part of a text's format.
    if (continues_character(text[at])) continue;
    if (at + length < text.size() && continues_character(text[at + length])) continue;
    if (std::any_of(&text[at], &text[at] + length, is_control)) continue;
    if (!insert(number, at, length)) continue;
    for (std::size_t i = 0; i < length; ++i)
      bytes_[static_cast<unsigned char>(text[at + i])] = true;
    for (std::size_t i = 0; i + kGramBytes <= length; ++i) grams_[gram_index(&text[at + i])] = 1;
    if (std::ranges::find(lengths_, length) == lengths_.end()) lengths_.push_back(length);
  }
  std::ranges::sort(lengths_);
}

// False if the same run is already there.
bool SecretGuard::insert(std::uint32_t needle, std::size_t offset, std::size_t length) {
  const char* const run = needles_[needle].data() + offset;
  if (find(run, length) != nullptr) return false;
  std::size_t at = hash_of(run, length) & (slots_.size() - 1);
  while (slots_[at].length != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {needle, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
  ++slots_used_;
  return true;
}

const SecretGuard::Slot* SecretGuard::find(const char* run, std::size_t length) const {
  std::size_t at = hash_of(run, length) & (slots_.size() - 1);
  for (; slots_[at].length != 0; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.length == length &&
        std::memcmp(needles_[slot.needle].data() + slot.offset, run, length) == 0) {
      return &slot;
    }
  }
  return nullptr;
}

std::size_t SecretGuard::gram_index(const char* at) const {
  std::uint32_t gram = 0;
  std::memcpy(&gram, at, sizeof gram);
  return (gram * std::uint32_t{0x9E37'79B1}) >> gram_shift_;
}

// `at` is the position of a hit. Most hits end here: every group of a run is a hit.
bool SecretGuard::finds_run_at(std::string_view text, std::size_t at) const {
  const std::size_t reach = lengths_.back() - kGramBytes;
  std::size_t begin = at;
  while (begin > 0 && at - begin < reach && has_gram(&text[begin - 1])) --begin;
  std::size_t end = at + kGramBytes;
  while (end < text.size() && end - at < lengths_.back() && has_gram(&text[end + 1 - kGramBytes])) {
    ++end;
  }
  for (const std::size_t length : lengths_) {
    for (std::size_t from = begin; from <= at && from + length <= end; ++from) {
      if (find(&text[from], length) != nullptr) return true;
    }
  }
  return false;
}

bool SecretGuard::finds_run(std::string_view text) const {
  const char* const begin = text.data();
  const char* at = begin;
  const std::size_t stride = stride_;
  const auto left = [&] { return text.size() - static_cast<std::size_t>(at - begin); };
  while (left() >= 4 * stride + kGramBytes) {
    const int hit = grams_[gram_index(at)] | grams_[gram_index(at + stride)] |
                    grams_[gram_index(at + 2 * stride)] | grams_[gram_index(at + 3 * stride)];
    if (hit != 0) [[unlikely]] {
      for (std::size_t i = 0; i < 4; ++i) {
        const char* const sample = at + i * stride;
        if (has_gram(sample) && finds_run_at(text, static_cast<std::size_t>(sample - begin))) {
          return true;
        }
      }
    }
    at += 4 * stride;
  }
  for (; left() >= kGramBytes; at += std::min(stride, left())) {
    if (has_gram(at) && finds_run_at(text, static_cast<std::size_t>(at - begin))) return true;
  }
  return false;
}

// Whether the escape at the front of `text` may stand for a byte of a secret. Escaped letters and
// digits are rare; a letter after a backslash, a line end, is common.
bool SecretGuard::is_suspicious(std::string_view text) const {
  const Escape escape = read_escape(text);
  if (escape.kind == Escape::Kind::kNone) return false;
  if (escape.kind == Escape::Kind::kIncomplete) return true;
  if (escape.is_letter) return has_backslash_;
  return wanted_[static_cast<unsigned char>(escape.plain[0])];
}

bool SecretGuard::finds_escape(std::string_view text) const {
  const char* const end = text.data() + text.size();
  for (const char* at = find_escape(text.data(), end); at != end; at = find_escape(at, end)) {
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    if (is_suspicious(rest)) return true;
    const Escape escape = read_escape(rest);
    at += escape.kind == Escape::Kind::kEscape ? escape.source_bytes : 1;
  }
  return false;
}

bool SecretGuard::may_find(std::string_view text) const {
  return !empty() && (finds_run(text) || finds_escape(text));
}

std::size_t SecretGuard::open_bytes(std::string_view text) const {
  const std::size_t most = std::min(lengths_.back() - 1, text.size());
  std::size_t open = 0;
  while (open < most) {
    const std::size_t at = text.size() - open - 1;
    if (!bytes_[static_cast<unsigned char>(text[at])]) break;
    if (open + 1 >= kGramBytes && !has_gram(&text[at])) break;
    ++open;
  }
  return open;
}

void SecretGuard::mask(std::span<char> text) const {
  if (!may_find({text.data(), text.size()})) return;
  Stream stream(*this);
  stream.finish(text);
}

std::size_t SecretGuard::Stream::run(std::span<char> text, bool more_follows) {
  if (guard_.empty()) return text.size();
  if (is_clean(text)) return pass_clean(text, more_follows);
  for (std::size_t at = 0;;) {
    const std::size_t size = std::min(text.size() - at, kSliceBytes);
    const bool is_last = at + size == text.size();
    const std::span<char> slice = text.subspan(at, size);
    const bool goes_on = more_follows || !is_last;
    const bool is_clean_part = size < text.size() && is_clean(slice);
    at += is_clean_part ? pass_clean(slice, goes_on) : read_closely(slice, goes_on);
    if (is_last) return at;
  }
}

// Whether nothing of the text is masked, whatever follows it.
bool SecretGuard::Stream::is_clean(std::span<const char> text) const {
  return marks_.empty() && !guard_.may_find({text.data(), text.size()});
}

std::size_t SecretGuard::Stream::pass_clean(std::span<char> span, bool more_follows) {
  const std::string_view text(span.data(), span.size());
  told_ = 0;
  if (!more_follows || text.empty() || text.back() == '\n') return text.size();
  const std::size_t open = guard_.open_bytes(text);
  const auto last = [&](std::size_t bytes) { return text.size() - std::min(text.size(), bytes); };
  // The open part may begin inside an escape.
  if (text.substr(last(2 * Escape::kBytesMax)).find_first_of("\\%&") == std::string_view::npos) {
    return text.size() - open;
  }
  const std::size_t begin = last(kSliceBytes);
  return begin + read_closely(span.subspan(begin), true);
}

// Marks the source of a run that was found.
void SecretGuard::Stream::mark(const Unspelled& text, std::size_t at, std::size_t length) {
  const std::size_t begin = text.begins[at];
  const std::size_t end = text.end_of(at + length - 1);
  // Outside strings nothing is escaped, and the run contains no quote.
  const bool bare = end - begin == length &&
                    std::all_of(&text.bytes[at], &text.bytes[at] + length, may_be_bare) &&
                    std::string_view(marks_).substr(begin, length).find(kGoes) == std::string::npos;
  std::fill_n(&marks_[begin], end - begin, bare ? kDigitGoes : kGoes);
}

std::size_t SecretGuard::Stream::read_closely(std::span<char> slice, bool more_follows) {
  const std::string_view source(slice.data(), slice.size());
  const Unspelled text =
      unspell(source, more_follows ? MoreFollows::kYes : MoreFollows::kNo,
              guard_.has_backslash_ ? EscapedLetters::kLetters : EscapedLetters::kStructure,
              guard_.wanted_);
  const std::string_view bytes = text.bytes;
  marks_.resize(source.size(), kStays);
  for (std::size_t at = 0; at + kGramBytes <= bytes.size(); ++at) {
    if (!guard_.has_gram(&bytes[at])) continue;
    for (const std::size_t length : guard_.lengths_) {
      if (at + length > bytes.size()) continue;
      const bool is_marked = text.end_of(at + length - 1) <= told_;
      if (!is_marked && guard_.find(&bytes[at], length) != nullptr) mark(text, at, length);
    }
  }
  told_ = text.begins.back();
  std::size_t ready = told_;
  if (more_follows) ready = text.begins[bytes.size() - guard_.open_bytes(bytes)];
  for (std::size_t i = 0; i < ready; ++i) {
    const bool is_digit = slice[i] >= '0' && slice[i] <= '9';
    if (marks_[i] == kGoes || (marks_[i] == kDigitGoes && is_digit)) slice[i] = marks_[i];
  }
  told_ -= ready;
  marks_.erase(0, ready);
  marks_.resize(marks_.find_last_not_of(kStays) + 1);
  return ready;
}

}  // namespace penstock
