#pragma once

// SecretGuard: finds secrets in outgoing text, and masks them in place.
//
// A secret is recognized by any nine consecutive bytes, in any of the spellings of
// core/secret_spelling.h, or by any twelve consecutive digits of its base64, in either alphabet and
// at any of the three alignments, as in Basic credentials. So a truncated key is found, and a hint
// such as `sk-proj-****6789` passes. A secret of eight bytes is searched for as a whole. Shorter
// ones, and placeholders for services without keys ("not-needed"), are not: they would mask
// ordinary text. Neither is the public prefix of a vendor's keys, such as `sk-ant-api03-`.
//
// Each byte found becomes `*`: the text keeps its length, and remains valid JSON, an event stream,
// UTF-8 or a header field. Text that consists only of digits and JSON's punctuation may not be a
// string; there, digits become 1.
//
// Searching text without secrets costs about one instruction a byte: every sixth position is looked
// up in a table of the groups of four bytes that the secrets contain. Only after a hit, or at an
// escape that could stand for a byte of a secret, is the text read closely, in linear time.
//
// A guard is built once from all secrets, is immutable, and may be shared between threads.

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
  // Base64 is searched for only the first so many secrets.
  static constexpr std::size_t kBase64SecretsMax = 256;

  // Finds nothing.
  SecretGuard() = default;
  explicit SecretGuard(std::span<const std::string_view> secrets);

  bool empty() const { return slots_used_ == 0; }

  // Whether mask() may change the text; wrongly true only if an escape must be read closely.
  bool may_find(std::string_view text) const;

  // Masks a whole text.
  void mask(std::string& text) const { mask(std::span<char>(text)); }
  void mask(std::span<char> text) const;

  // A text that arrives in pieces, cut anywhere. The result does not depend on the cuts.
  class Stream {
   public:
    explicit Stream(const SecretGuard& guard) : guard_(guard) {}

    // Masks what can be decided in `text`, and returns how many bytes at the front may be sent. The
    // caller passes the rest, a few bytes that may be the start of a secret, again, unchanged, at
    // the front of the next call. A line end leaves no rest.
    std::size_t mask(std::span<char> text) { return run(text, /*more_follows=*/true); }
    // The same at the end of the text: all of it may be sent.
    void finish(std::span<char> text) { run(text, /*more_follows=*/false); }

   private:
    std::size_t run(std::span<char> text, bool more_follows);
    bool is_clean(std::span<const char> text) const;
    std::size_t pass_clean(std::span<char> text, bool more_follows);
    std::size_t read_closely(std::span<char> slice, bool more_follows);
    void mark(const Unspelled& text, std::size_t at, std::size_t length);

    const SecretGuard& guard_;
    // What is known of the bytes that are passed again, one mark for each of the first of them.
    std::string marks_;
    // How many of those bytes have been read closely: runs within them are not marked again.
    std::size_t told_ = 0;
  };

 private:
  // A run of a given length in one of the needles.
  struct Slot {
    std::uint32_t needle = 0;
    std::uint32_t offset = 0;
    std::uint32_t length = 0;  // 0: free
  };
  // One text that is searched for. Runs within its first `known_bytes` are public.
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
  // How many bytes at the end may be the start of a run.
  std::size_t open_bytes(std::string_view text) const;

  std::vector<std::string> needles_;
  std::vector<Slot> slots_;  // a hash table, open addressing; its size is a power of two
  std::size_t slots_used_ = 0;
  std::vector<std::uint8_t> grams_;  // likewise a power of two
  unsigned gram_shift_ = 0;
  std::array<bool, 256> bytes_{};     // that occur in a run
  std::array<bool, 256> wanted_{};    // and those that escapes consist of
  std::vector<std::size_t> lengths_;  // of the runs, ascending
  std::size_t stride_ = 0;
  bool has_backslash_ = false;  // a secret contains one
};

}  // namespace penstock
