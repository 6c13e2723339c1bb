// The decoder's results for valid content, cut anywhere, and for invalid content.

#include "wire/bodies/content_coding.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "support/compressed.h"

namespace penstock::wire {
namespace {

using penstock::testing::gzipped;
using penstock::testing::raw_deflated;
using penstock::testing::zlib_wrapped;
using penstock::testing::zstd_compressed;

enum class End : std::uint8_t { kWhole, kCutShort, kMalformed, kTooLarge };

std::ostream& operator<<(std::ostream& out, End end) {
  return out << static_cast<int>(end);
}

struct Decoded {
  End end;
  std::string text;
};

struct Cuts {
  std::size_t coded = 1 << 20;
  std::size_t out = 1 << 20;
};

Decoded decode(std::string_view codings, std::string_view coded, Cuts cuts = {},
               std::uint64_t bytes_max = std::numeric_limits<std::uint64_t>::max()) {
  ContentCodings list;
  EXPECT_TRUE(list.add(codings));
  ContentDecoder decoder(list, bytes_max);
  Decoded decoded{End::kWhole, {}};
  // A separate allocation for each piece, so that the sanitizers detect a step too far.
  std::vector<char> out(cuts.out);
  for (;;) {
    const std::string_view piece = coded.substr(0, cuts.coded);
    const std::vector<char> exact(piece.begin(), piece.end());
    const ContentDecoder::Step step = decoder.step({exact.data(), exact.size()}, out);
    if (step.outcome == ContentDecoder::Outcome::kMalformed) return {End::kMalformed, decoded.text};
    if (step.outcome == ContentDecoder::Outcome::kTooLarge) return {End::kTooLarge, decoded.text};
    coded.remove_prefix(step.consumed);
    decoded.text.append(out.data(), step.produced);
    if (step.outcome == ContentDecoder::Outcome::kProgress) continue;
    EXPECT_TRUE(coded.empty());
    if (!decoder.is_whole()) decoded.end = End::kCutShort;
    return decoded;
  }
}

// Text that compresses, but not to nothing.
std::string sample(std::size_t bytes) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < bytes) {
    state = state * 1664525 + 1013904223;
    text += "word" + std::to_string(state >> 22) + ' ';
  }
  text.resize(bytes);
  return text;
}

struct Coded {
  std::string_view codings;
  std::string content;
};

std::vector<Coded> all_codings(std::string_view text) {
  return {
      {"gzip", gzipped(text)},
      {"x-gzip", gzipped(text)},
      {"deflate", zlib_wrapped(text)},
      {"deflate", raw_deflated(text)},
      {"zstd", zstd_compressed(text)},
      {"gzip, zstd", zstd_compressed(gzipped(text))},
      {"deflate, gzip, zstd", zstd_compressed(gzipped(raw_deflated(text)))},
  };
}

// reported-failures 5.8
TEST(ContentDecoder, GivesTheSameWhereverTheContentAndTheRoomAreCut) {
  const std::string text = sample(20'000);
  for (const Coded& each : all_codings(text)) {
    for (const Cuts cuts : {Cuts{}, Cuts{1, 1 << 20}, Cuts{1 << 20, 1}, Cuts{1, 1}, Cuts{7, 13},
                            Cuts{100, 3}, Cuts{3, 20'000}}) {
      const Decoded decoded = decode(each.codings, each.content, cuts);
      EXPECT_EQ(decoded.end, End::kWhole) << each.codings << cuts.coded << ' ' << cuts.out;
      EXPECT_EQ(decoded.text, text) << each.codings;
    }
  }
}

TEST(ContentDecoder, ReadsEmptyContent) {
  for (const Coded& each : all_codings("")) {
    const Decoded decoded = decode(each.codings, each.content);
    EXPECT_EQ(decoded.end, End::kWhole) << each.codings;
    EXPECT_EQ(decoded.text, "");
  }
}

TEST(ContentDecoder, ReadsWhatGzipWrites) {
  // `printf '{"model":"m1"}' > a && gzip -9 a`: with a time, and the name of the file.
  const std::string file(
      "\x1f\x8b\x08\x08\x00\x00\x00\x60\x02\x03"
      "a\0"
      "\xab\x56\xca\xcd\x4f\x49\xcd\x51\xb2\x52\xca\x35\x54\xaa\x05\x00\x1e\x4e\x82\xb8\x0e\x00\x00"
      "\x00",
      36);
  EXPECT_EQ(decode("gzip", file).text, R"({"model":"m1"})");
  EXPECT_EQ(decode("gzip", file).end, End::kWhole);
}

TEST(ContentDecoder, ReadsSeveralMembersAndFramesAsOne) {
  EXPECT_EQ(decode("gzip", gzipped("one ") + gzipped("") + gzipped("two")).text, "one two");
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  const std::string frames = zstd_compressed("one ") + skippable + zstd_compressed("two");
  for (const std::size_t cut : {1, 5, 1000}) {
    EXPECT_EQ(decode("zstd", frames, {cut, 1000}).text, "one two");
    EXPECT_EQ(decode("zstd", frames, {cut, 1000}).end, End::kWhole);
  }
}

TEST(ContentDecoder, NoticesThatTheEndIsMissing) {
  for (const Coded& each : all_codings(sample(300))) {
    for (std::size_t size = 0; size < each.content.size(); ++size) {
      const Decoded decoded = decode(each.codings, each.content.substr(0, size), {16, 16});
      EXPECT_EQ(decoded.end, End::kCutShort) << each.codings << ' ' << size;
    }
  }
}

TEST(ContentDecoder, RefusesWhatFollowsTheEnd) {
  for (const Coded& each : all_codings(sample(300))) {
    for (const std::string_view garbage : {"\n", "x", "0000"}) {
      EXPECT_NE(decode(each.codings, each.content + std::string(garbage)).end, End::kWhole)
          << each.codings;
    }
    EXPECT_EQ(decode(each.codings, each.content + std::string(512, '\0')).end, End::kMalformed)
        << each.codings;
  }
  EXPECT_EQ(decode("deflate", zlib_wrapped("one") + zlib_wrapped("two")).end, End::kMalformed);
  // Inside of another coding.
  EXPECT_EQ(decode("gzip, zstd", zstd_compressed(gzipped("one") + "garbage")).end, End::kMalformed);
}

TEST(ContentDecoder, NoticesEveryByteThatWasChangedInWhatChecksumsCover) {
  const std::string text = sample(300);
  for (const Coded& each :
       {Coded{"deflate", zlib_wrapped(text)}, Coded{"zstd", zstd_compressed(text)}}) {
    for (std::size_t at = 0; at < each.content.size(); ++at) {
      std::string broken = each.content;
      broken[at] = static_cast<char>(broken[at] ^ 0x10);
      const Decoded decoded = decode(each.codings, broken);
      EXPECT_TRUE(decoded.end != End::kWhole || decoded.text == text) << each.codings << ' ' << at;
    }
  }
}

TEST(ContentDecoder, RefusesContentInNoCodingOrAnother) {
  const std::string text = R"({"model":"m"})";
  for (const std::string_view coding : {"gzip", "deflate", "zstd"}) {
    EXPECT_EQ(decode(coding, text).end, End::kMalformed) << coding;
  }
  EXPECT_EQ(decode("gzip", zlib_wrapped(text)).end, End::kMalformed);
  EXPECT_EQ(decode("gzip", zstd_compressed(text)).end, End::kMalformed);
  EXPECT_EQ(decode("zstd", gzipped(text)).end, End::kMalformed);
  EXPECT_EQ(decode("deflate", gzipped(text)).end, End::kMalformed);
}

TEST(ContentDecoder, RefusesTheFormatsOfZstdBeforeItsFirstVersion) {
  for (const char first : {'\x1e', '\x22', '\x23', '\x24', '\x25', '\x26', '\x27'}) {
    EXPECT_EQ(decode("zstd", first + std::string("\xb5\x2f\xfd\x00\x00\x00\x00\x00", 8)).end,
              End::kMalformed);
  }
}

// RFC 9659
TEST(ContentDecoder, RefusesZstdWindowsOfMoreThan8MiB) {
  const std::string text = sample(1000);
  EXPECT_EQ(decode("zstd", zstd_compressed(text, 23)).text, text);
  EXPECT_EQ(decode("zstd", zstd_compressed(text, 24)).end, End::kMalformed);
}

TEST(ContentDecoder, GivesAllBytesOfItsBoundAndNotOneMore) {
  const std::string text = sample(5000);
  for (const Coded& each : all_codings(text)) {
    EXPECT_EQ(decode(each.codings, each.content, {}, 5000).end, End::kWhole) << each.codings;
    EXPECT_EQ(decode(each.codings, each.content, {}, 4999).end, End::kTooLarge) << each.codings;
  }
}

TEST(ContentDecoder, StopsABombAtItsBound) {
  const std::string zeros(10'000'000, '\0');
  for (const Coded& each : all_codings(zeros)) {
    const Decoded decoded = decode(each.codings, each.content, {1 << 20, 4096}, 100'000);
    EXPECT_EQ(decoded.end, End::kTooLarge) << each.codings;
    EXPECT_LE(decoded.text.size(), 100'000U + 4096U) << each.codings;
  }
}

// Stacked codings: what is small at both ends may be large in between.
TEST(ContentDecoder, CountsWhatComesOutOfEveryCoding) {
  std::string members;
  for (int i = 0; i < 10'000; ++i) members += gzipped("");
  EXPECT_EQ(decode("gzip, zstd", zstd_compressed(members), {}, 100'000).end, End::kTooLarge);
  EXPECT_EQ(decode("gzip, zstd", zstd_compressed(members), {}, 300'000).end, End::kWhole);
}

TEST(ContentDecoder, DoesAPartOfTheWorkInAStep) {
  const std::string inner = zlib_wrapped(std::string(8'000'000, ' '));
  ContentCodings codings;
  ASSERT_TRUE(codings.add("deflate, gzip"));
  ContentDecoder decoder(codings, 10'000'000);
  const std::string coded = gzipped(inner);
  std::vector<char> out(64 * 1024);
  const ContentDecoder::Step step = decoder.step(coded, out);
  EXPECT_EQ(step.outcome, ContentDecoder::Outcome::kProgress);
  EXPECT_LE(step.produced, out.size());
}

TEST(ContentDecoder, SaysWhatItHolds) {
  ContentCodings codings;
  ASSERT_TRUE(codings.add("zstd"));
  ContentDecoder decoder(codings, 100'000'000);
  const std::size_t before = decoder.memory_bytes();
  std::vector<char> out(1 << 20);
  const std::string coded = zstd_compressed(sample(100'000), 23);
  decoder.step(coded, out);
  EXPECT_GE(decoder.memory_bytes(), before + (std::size_t{8} << 20));
}

TEST(ContentCodings, AreAListInAnyCaseWithoutIdentity) {
  const auto read = [](std::vector<std::string_view> values) {
    ContentCodings codings;
    for (const std::string_view value : values) {
      if (!codings.add(value)) return std::string("unknown");
    }
    std::string text;
    for (const ContentCoding coding : codings.list()) {
      text += std::to_string(static_cast<int>(coding));
    }
    return text;
  };
  EXPECT_EQ(read({"gzip"}), "0");
  EXPECT_EQ(read({"X-GZip"}), "0");
  EXPECT_EQ(read({"deflate"}), "1");
  EXPECT_EQ(read({"ZSTD"}), "2");
  EXPECT_EQ(read({""}), "");
  EXPECT_EQ(read({"identity"}), "");
  EXPECT_EQ(read({" , Identity ,, "}), "");
  EXPECT_EQ(read({"gzip,\tzstd , identity"}), "02");
  EXPECT_EQ(read({"gzip", "deflate, zstd"}), "012");
  for (const std::string_view unknown :
       {"br", "gzip, br", "gzipped", "gzip;q=1", "gzip zstd", "*", "compress"}) {
    EXPECT_EQ(read({unknown}), "unknown") << unknown;
  }
}

TEST(ContentCodings, AreThreeAtMost) {
  ContentCodings codings;
  EXPECT_TRUE(codings.add("gzip, gzip, identity, gzip"));
  EXPECT_FALSE(codings.add("gzip"));
  EXPECT_TRUE(codings.add("identity"));
}

}  // namespace
}  // namespace penstock::wire
