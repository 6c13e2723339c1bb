#pragma once

// SecretGuard: finds secrets in whatever text is about to leave, and masks them in their place.
//
// What counts as a secret's text: any nine of its bytes in a row, in any of the spellings of
// core/secret_spelling.h; any twelve digits in a row of its base64, in either alphabet and in any
// of the three positions, as in Basic credentials. So a truncated key is found, and a hint such as
// `sk-proj-****6789` passes. A secret of eight bytes is looked for as a whole. Shorter ones, and
// the words that people write where no key is needed ("not-needed"), are not: they would mask
// ordinary text. Neither is the public beginning of a vendor's keys, such as `sk-ant-api03-`.
//
// Every byte of what is found becomes `*`: the text keeps its length, and stays the JSON, the
// event stream, the UTF-8 or the header field that it was. What consists of digits and JSON's
// punctuation alone may be no string; there the digits become 1.
//
// Looking at a text without secrets costs about one instruction a byte: every sixth position is
// looked up in a table of the groups of four bytes that the secrets contain. Only where one is hit,
// or where there is an escape that a secret's byte could be written as, is a text read closely, in
// linear time.
//
// A guard is made once of all secrets, does not change, and may be shared by threads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

struct Unspelled;

class SecretGuard {
 public:
  static constexpr std::size_t kSecretBytesMin = 8;
  static constexpr std::size_t kRunBytes = 9;
  static constexpr std::size_t kBase64RunDigits = 12;
  // Of more secrets than this, in their order, base64 is not looked for.
  static constexpr std::size_t kBase64SecretsMax = 256;

  // Looks for nothing.
  SecretGuard() = default;
  explicit SecretGuard(std::span<const std::string_view> secrets);

  bool empty() const { return slots_used_ == 0; }

  // Whether mask() may change the text. Wrongly true only where an escape has to be read closely.
  bool may_find(std::string_view text) const;

  // A whole text.
  void mask(std::string& text) const { mask(std::span<char>(text)); }
  void mask(std::span<char> text) const;

  // A text that arrives in pieces, which may be cut anywhere. What comes out does not depend on it.
  class Stream {
   public:
    explicit Stream(const SecretGuard& guard) : guard_(guard) {}

    // Masks what can be told of `text`, and says how many of its bytes at the front may leave. The
    // rest, a few bytes that may go on as a secret, is given again, unchanged, at the front of the
    // next call. A line end leaves no rest.
    std::size_t mask(std::span<char> text) { return run(text, /*more_follows=*/true); }
    // The same where nothing follows: everything may leave.
    void finish(std::span<char> text) { run(text, /*more_follows=*/false); }

   private:
    std::size_t run(std::span<char> text, bool more_follows);
    bool is_clean(std::span<const char> text) const;
    std::size_t pass_clean(std::span<char> text, bool more_follows);
    std::size_t read_closely(std::span<char> slice, bool more_follows);
    void mark(const Unspelled& text, std::size_t at, std::size_t length);

    const SecretGuard& guard_;
    // What is known of the bytes that are given again, one for each of the first of them.
    std::string marks_;
    // How many of those bytes have been read closely, so that no run within them is marked again.
    std::size_t told_ = 0;
  };

 private:
  // A run of some length in one of the needles.
  struct Slot {
    std::uint32_t needle = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;  // 0: free
  };
  // What is looked for of one text. Runs that lie within its first `known_bytes` are public.
  struct Needle {
    std::string text;
    std::size_t run_bytes = 0;
    std::size_t known_bytes = 0;
  };

  static std::vector<Needle> needles_of(std::span<const std::string_view> secrets);
  void add(const Needle& needle);
  bool insert(std::uint32_t needle, std::size_t offset, std::size_t length);
  const Slot* find(const char* at, std::size_t length) const;

  std::size_t gram_index(const char* at) const;
  bool has_gram(const char* at) const { return grams_[gram_index(at)] != 0; }
  bool finds_run_at(std::string_view text, std::size_t at) const;
  bool finds_run(std::string_view text) const;
  bool finds_escape(std::string_view text) const;
  bool is_suspicious(std::string_view escape) const;
  // How many bytes at the end may be the beginning of a run.
  std::size_t open_bytes(std::string_view text) const;

  std::vector<std::string> needles_;
  std::vector<Slot> slots_;  // a hash table, open addressing; its size is a power of two
  std::size_t slots_used_ = 0;
  std::vector<std::uint8_t> grams_;  // likewise a power of two
  unsigned gram_shift_ = 0;
  std::array<bool, 256> bytes_{};     // that occur in a run
  std::array<bool, 256> wanted_{};    // and those that escapes are made of
  std::vector<std::size_t> lengths_;  // of the runs, ascending
  std::size_t stride_ = 0;
  bool has_backslash_ = false;  // a secret has one
};

}  // namespace penstock
