#include "core/secret_spelling.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penstock {
namespace {

// How deep escapes may be nested inside escapes; deeper ones are not searched for.
constexpr int kLevels = 4;

// Of a longer row of backslashes, only the last so many belong to what follows.
constexpr std::size_t kBackslashesMax = 16;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Escape incomplete() {
  Escape escape;
  escape.kind = Escape::Kind::kIncomplete;
  return escape;
}

Escape escape_of(unsigned code_point, std::size_t source_bytes) {
  Escape escape;
  escape.kind = Escape::Kind::kEscape;
  escape.source_bytes = source_bytes;
  const auto add = [&](unsigned byte) {
    escape.plain[escape.plain_bytes++] = static_cast<char>(byte);
  };
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < 0x80) {
    add(code_point);
  } else if (code_point < 0x800) {
    add(0xC0 | code_point >> 6);
    add(0x80 | (code_point & 0x3F));
  } else if (code_point <= 0xFFFF && !is_surrogate) {
    add(0xE0 | code_point >> 12);
    add(0x80 | (code_point >> 6 & 0x3F));
    add(0x80 | (code_point & 0x3F));
  } else {
    add(static_cast<unsigned char>(Unspelled::kStructure));
  }
  return escape;
}

struct Number {
  unsigned value = 0;
  std::size_t digits = 0;
};

Number read_number(std::string_view text, int base, std::size_t digits_max) {
  Number number;
  while (number.digits < std::min(text.size(), digits_max)) {
    const int digit = hex_digit(text[number.digits]);
    if (digit < 0 || digit >= base) break;
    number.value = number.value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    ++number.digits;
  }
  return number;
}

// After the backslashes: \uXXXX, \xXX, or a character that stands for itself.
Escape read_backslash(std::string_view text) {
  std::size_t at = std::min(text.find_first_not_of('\\'), text.size());
  if (at == text.size()) return incomplete();
  const std::size_t digits = text[at] == 'u' ? 4 : text[at] == 'x' ? 2 : 0;
  if (digits > 0) {
    const Number number = read_number(text.substr(at + 1), 16, digits);
    if (number.digits == digits) return escape_of(number.value, at + 1 + digits);
    if (at + 1 + number.digits == text.size()) return incomplete();
  }
  Escape escape;
  escape.kind = Escape::Kind::kEscape;
  escape.source_bytes = at + 1;
  // After an even number of backslashes, which escape each other, the quote belongs to the format.
  const bool is_structure = text[at] == '"' && at % 2 == 0;
  escape.is_letter = (text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z');
  escape.plain[escape.plain_bytes++] = is_structure ? Unspelled::kStructure : text[at];
  return escape;
}

Escape read_percent(std::string_view text) {
  const Number number = read_number(text.substr(1), 16, 2);
  Escape escape;
  if (number.digits == 2) {
    escape.kind = Escape::Kind::kEscape;
    escape.source_bytes = 3;
    escape.plain[escape.plain_bytes++] = static_cast<char>(number.value);
  } else if (1 + number.digits == text.size()) {
    return incomplete();
  }
  return escape;
}

struct NamedReference {
  std::string_view name;
  char plain;
};

// Those that escapers write, and those of characters that occur in keys.
constexpr std::array kNamedReferences = {
    NamedReference{"amp", '&'},    NamedReference{"lt", '<'},     NamedReference{"gt", '>'},
    NamedReference{"quot", '"'},   NamedReference{"apos", '\''},  NamedReference{"sol", '/'},
    NamedReference{"plus", '+'},   NamedReference{"equals", '='}, NamedReference{"colon", ':'},
    NamedReference{"period", '.'}, NamedReference{"lowbar", '_'}, NamedReference{"dollar", '$'},
    NamedReference{"percnt", '%'}, NamedReference{"num", '#'},    NamedReference{"excl", '!'},
    NamedReference{"commat", '@'}, NamedReference{"ast", '*'},    NamedReference{"semi", ';'},
    NamedReference{"bsol", '\\'},
};

Escape read_reference(std::string_view text) {
  constexpr std::size_t kReferenceBytesMax = 12;
  const std::string_view window = text.substr(0, kReferenceBytesMax);
  std::size_t end = 1;
  while (end < window.size() &&
         (window[end] == '#' || hex_digit(window[end]) >= 0 ||
          (window[end] >= 'a' && window[end] <= 'z') || window[end] == 'X')) {
    ++end;
  }
  if (end == window.size()) return end == kReferenceBytesMax ? Escape() : incomplete();
  if (window[end] != ';' || end < 3) return {};
  std::string_view name = window.substr(1, end - 1);
  if (name.front() == '#') {
    name.remove_prefix(1);
    const bool is_hex = name.front() == 'x' || name.front() == 'X';
    if (is_hex) name.remove_prefix(1);
    const Number number = read_number(name, is_hex ? 16 : 10, 7);
    if (name.empty() || number.digits != name.size()) return {};
    return escape_of(number.value, end + 1);
  }
  for (const NamedReference& known : kNamedReferences) {
    if (known.name == name) return escape_of(static_cast<unsigned char>(known.plain), end + 1);
  }
  return {};
}

// One level of escapes.
class Level {
 public:
  Level(const Unspelled& source, MoreFollows more_follows, EscapedLetters letters,
        const WantedBytes& wanted)
      : source_(source), more_follows_(more_follows), letters_(letters), wanted_(wanted) {}

  Unspelled run() {
    const std::string_view text = source_.bytes;
    std::size_t at = 0;
    while (at < text.size()) {
      at += skip_backslashes(text.substr(at), at);
      const Escape escape = read_escape(text.substr(at));
      if (escape.kind == Escape::Kind::kIncomplete && more_follows_ == MoreFollows::kYes) {
        // Its result may continue what came before, one level up.
        changed_ = true;
        break;
      }
      if (escape.kind == Escape::Kind::kEscape && (text[at] == '\\' || is_wanted(escape))) {
        const bool is_structure = escape.is_letter && letters_ == EscapedLetters::kStructure;
        for (std::size_t i = 0; i < escape.plain_bytes; ++i) {
          add(is_structure ? Unspelled::kStructure : escape.plain[i], at);
        }
        at += escape.source_bytes;
        changed_ = true;
      } else {
        const bool is_cut = escape.kind == Escape::Kind::kIncomplete && text[at] == '\\';
        add(is_cut ? Unspelled::kStructure : text[at], at);
        ++at;
      }
    }
    result_.begins.push_back(source_.begins[at]);
    return std::move(result_);
  }

  bool changed() const { return changed_; }

 private:
  void add(char byte, std::size_t at) {
    result_.bytes.push_back(byte);
    result_.begins.push_back(source_.begins[at]);
  }

  bool is_wanted(const Escape& escape) const {
    return wanted_[static_cast<unsigned char>(escape.plain[0])];
  }

  // An even number of them, so that whether they escape what follows does not change.
  std::size_t skip_backslashes(std::string_view text, std::size_t at) {
    if (text.front() != '\\') return 0;
    const std::size_t run = std::min(text.find_first_not_of('\\'), text.size());
    if (run <= kBackslashesMax) return 0;
    const std::size_t skipped = (run - kBackslashesMax + 1) / 2 * 2;
    for (std::size_t i = 0; i < skipped; ++i) add(Unspelled::kStructure, at + i);
    changed_ = true;
    return skipped;
  }

  const Unspelled& source_;
  const MoreFollows more_follows_;
  const EscapedLetters letters_;
  const WantedBytes& wanted_;
  Unspelled result_;
  bool changed_ = false;
};

Unspelled unspell_levels(Unspelled text, MoreFollows more_follows, EscapedLetters letters,
                         const WantedBytes& wanted) {
  for (int i = 0; i < kLevels; ++i) {
    Level level(text, more_follows, letters, wanted);
    Unspelled next = level.run();
    text = std::move(next);
    if (!level.changed()) break;
  }
  return text;
}

Unspelled as_it_stands(std::string_view text) {
  Unspelled result;
  result.bytes.assign(text);
  result.begins.resize(text.size() + 1);
  for (std::size_t i = 0; i <= text.size(); ++i) result.begins[i] = static_cast<std::uint32_t>(i);
  return result;
}

}  // namespace

Escape read_escape(std::string_view text) {
  switch (text.front()) {
    case '\\':
      return read_backslash(text);
    case '%':
      return read_percent(text);
    case '&':
      return read_reference(text);
    default:
      return {};
  }
}

std::size_t Unspelled::end_of(std::size_t i) const {
  std::size_t next = i + 1;
  while (next + 1 < begins.size() && begins[next] == begins[i]) ++next;
  return begins[next];
}

Unspelled unspell(std::string_view text, MoreFollows more_follows, EscapedLetters letters,
                  const WantedBytes& wanted) {
  Unspelled raw = as_it_stands(text);
  // Of the text's quotes, read_backslash() identifies those after a backslash.
  for (std::size_t i = 0; i < raw.bytes.size(); ++i) {
    if (raw.bytes[i] == '"' && (i == 0 || raw.bytes[i - 1] != '\\')) {
      raw.bytes[i] = Unspelled::kStructure;
    }
  }
  return unspell_levels(std::move(raw), more_follows, letters, wanted);
}

std::string unspelled_form(std::string_view text) {
  WantedBytes all;
  all.fill(true);
  return unspell_levels(as_it_stands(text), MoreFollows::kNo, EscapedLetters::kLetters, all).bytes;
}

std::string base64_digits(std::string_view text, std::size_t offset) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(offset, '\0');
  bytes.append(text);
  std::string digits;
  unsigned bits = 0;
  int bit_count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (bit_count += 8; bit_count >= 6; bit_count -= 6) {
      digits.push_back(kDigits[bits >> (bit_count - 6) & 0x3F]);
    }
    bits &= 0xFF;
  }
  // Without the digits that depend on the bytes before.
  return digits.substr((offset * 8 + 5) / 6);
}

std::size_t base64_digits_of(std::size_t text_bytes, std::size_t offset) {
  const std::size_t first = (offset * 8 + 5) / 6;
  const std::size_t all = (offset + text_bytes) * 8 / 6;
  return all > first ? all - first : 0;
}

}  // namespace penstock
