// reported-failures 2.1, 2.2: whatever the spelling and wherever a text is cut, no more of a secret
// than a hint gets out.

#include "core/secret_guard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace penstock {
namespace {

constexpr std::string_view kKey = "sk-proj-abc/def+ghijklmnopqrstuvwxyz0123456789";

SecretGuard guard_of(std::vector<std::string_view> secrets) {
  return SecretGuard(secrets);
}

std::string masked(const SecretGuard& guard, std::string text) {
  guard.mask(text);
  return text;
}

// In pieces that end at `ends`, as in a relay: what may not be sent yet is passed again.
std::string masked_in_pieces(const SecretGuard& guard, std::string_view text,
                             const std::vector<std::size_t>& ends) {
  SecretGuard::Stream stream(guard);
  std::string out;
  std::string buffer;
  std::size_t from = 0;
  for (const std::size_t end : ends) {
    buffer.append(text.substr(from, end - from));
    from = end;
    const std::size_t ready = stream.mask(buffer);
    out.append(buffer, 0, ready);
    buffer.erase(0, ready);
  }
  buffer.append(text.substr(from));
  stream.finish(buffer);
  return out + buffer;
}

std::string stars(std::size_t count) {
  return std::string(count, '*');
}

// The longest part of the key that occurs in `text`.
std::size_t longest_part(std::string_view text, std::string_view key = kKey) {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < key.size(); ++at) {
    while (at + longest < key.size() &&
           text.find(key.substr(at, longest + 1)) != std::string_view::npos) {
      ++longest;
    }
  }
  return longest;
}

using Spelling = std::function<std::string(char)>;

std::vector<std::pair<std::string, Spelling>> spellings() {
  const auto code = [](char c) { return static_cast<unsigned>(c); };
  return {
      {"plain", [](char c) { return std::string(1, c); }},
      {"escaped slash", [](char c) { return c == '/' ? "\\/" : std::string(1, c); }},
      {"escaped slash in JSON in JSON",
       [](char c) { return c == '/' ? "\\\\\\/" : std::string(1, c); }},
      {"u lower", [=](char c) { return fmt::format("\\u{:04x}", code(c)); }},
      {"u upper", [=](char c) { return fmt::format("\\u{:04X}", code(c)); }},
      {"u in JSON in JSON", [=](char c) { return fmt::format("\\\\u{:04x}", code(c)); }},
      {"x", [=](char c) { return fmt::format("\\\\x{:02x}", code(c)); }},
      {"percent", [=](char c) { return fmt::format("%{:02X}", code(c)); }},
      {"percent lower", [=](char c) { return fmt::format("%{:02x}", code(c)); }},
      {"percent twice", [=](char c) { return fmt::format("%25{:02X}", code(c)); }},
      {"percent in JSON", [=](char c) { return fmt::format("\\u0025{:02x}", code(c)); }},
      {"HTML", [=](char c) { return fmt::format("&#{};", code(c)); }},
      {"HTML hex", [=](char c) { return fmt::format("&#x{:X};", code(c)); }},
      {"what JSON, URLs and HTML need",
       [](char c) {
         return c == '/' ? "\\/" : c == '+' ? "%2B" : c == '-' ? "&#45;" : std::string(1, c);
       }},
  };
}

std::string spell(std::string_view text, const Spelling& spelling) {
  std::string out;
  for (const char c : text) out += spelling(c);
  return out;
}

TEST(SecretGuard, FindsEverySpellingWhereverTheTextIsCut) {
  const SecretGuard guard = guard_of({kKey});
  for (const auto& [name, spelling] : spellings()) {
    const std::string spelled = spell(kKey, spelling);
    const std::string before = "data: {\"error\":{\"message\":\"Incorrect API key provided: ";
    const std::string behind = ". \\n\\\"Look\\\" at it.\",\"code\":\"invalid\\u005fapi_key\"}}";
    const std::string text = before + spelled + behind;
    const std::string expected = before + stars(spelled.size()) + behind;
    ASSERT_EQ(masked(guard, text), expected) << name;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      ASSERT_EQ(masked_in_pieces(guard, text, {cut}), expected) << name << " at " << cut;
    }
    std::vector<std::size_t> all(text.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    ASSERT_EQ(masked_in_pieces(guard, text, all), expected) << name;
  }
}

TEST(SecretGuard, FindsPartsThatAreLongerThanAHintInEverySpelling) {
  const SecretGuard guard = guard_of({kKey});
  for (const auto& [name, spelling] : spellings()) {
    for (std::size_t at = 0; at < kKey.size(); ++at) {
      for (std::size_t size = 1; at + size <= kKey.size(); ++size) {
        const std::string spelled = spell(kKey.substr(at, size), spelling);
        // Digits alone could be a number, and stay digits.
        if (kKey.find_first_not_of("0123456789", at) >= at + size) continue;
        const std::string text = "\"[" + spelled + "]\"";
        const std::string out = masked(guard, text);
        if (size < SecretGuard::kRunBytes) {
          ASSERT_EQ(out, text) << name << " " << at << " " << size;
        } else {
          ASSERT_EQ(out, "\"[" + stars(spelled.size()) + "]\"") << name << " " << at << " " << size;
        }
      }
    }
  }
}

TEST(SecretGuard, LetsHintsAndPublicBeginningsPass) {
  const std::string_view anthropic = "sk-ant-api03-R2D2abcdefghijklmnop";
  const SecretGuard guard = guard_of({kKey, anthropic});
  for (const char* text : {"sk-proj-****6789", "sk-proj-…23456789", "sk-proj-********3456789",
                           "Keys begin with sk-proj- or sk-ant-api03-.", "c2stcHJvai0="}) {
    EXPECT_EQ(masked(guard, text), text);
  }
  EXPECT_EQ(masked(guard, "sk-ant-api03-R"), "sk-an" + stars(9));
  EXPECT_EQ(masked(guard, "sk-proj-a"), stars(9));
}

TEST(SecretGuard, FindsBase64InAnyPositionAndAlphabet) {
  const std::string key = "key?>?>~~~with+/bits-0123456789";
  const SecretGuard guard = guard_of({key});
  struct Case {
    std::string_view before;
    std::string_view digits;
  };
  // Of `key`, `:key` and `u:key`, by coreutils' base64 and basenc --base64url.
  for (const char* digits : {"a2V5Pz4/Pn5+fndpdGgrL2JpdHMtMDEyMzQ1Njc4OQ==",
                             "OmtleT8+Pz5+fn53aXRoKy9iaXRzLTAxMjM0NTY3ODk=",
                             "dTprZXk/Pj8+fn5+d2l0aCsvYml0cy0wMTIzNDU2Nzg5",
                             "a2V5Pz4_Pn5-fndpdGgrL2JpdHMtMDEyMzQ1Njc4OQ==",
                             "OmtleT8-Pz5-fn53aXRoKy9iaXRzLTAxMjM0NTY3ODk=",
                             "dTprZXk_Pj8-fn5-d2l0aCsvYml0cy0wMTIzNDU2Nzg5"}) {
    const std::string out = masked(guard, fmt::format("Authorization: Basic {}!", digits));
    // The digits that depend on the bytes beside the key may stay.
    EXPECT_GE(std::ranges::count(out, '*'), 39) << out;
    EXPECT_TRUE(out.starts_with("Authorization: Basic ")) << out;
    EXPECT_LE(longest_part(out, digits), 4u) << out;
  }
}

TEST(SecretGuard, DoesNotLookForShortAndPlaceholderSecrets) {
  const SecretGuard guard = guard_of(
      {"none", "EMPTY", "fake", "1234567", "Not-Needed", "password", "sk-no-key-required", ""});
  EXPECT_TRUE(guard.empty());
  const std::string text = "none of the EMPTY fake password fields is not-needed: 1234567";
  EXPECT_EQ(masked(guard, text), text);
  EXPECT_EQ(masked(SecretGuard(), text), text);
}

TEST(SecretGuard, LooksForSecretsOfEightBytesAsAWhole) {
  const SecretGuard guard = guard_of({"hunter22"});
  EXPECT_EQ(masked(guard, "user:hunter22@host, hunter2"), "user:********@host, hunter2");
  EXPECT_EQ(masked(guard, R"(h\u0075nter22)"), stars(13));
}

TEST(SecretGuard, KeepsJsonValid) {
  const SecretGuard guard = guard_of(
      {"123456789012", "nvapi-0123abcdefgh", R"({"key":"quoted\"value"})", "a\\b\\nc\"d/efgh"});
  const auto keeps = [&](const std::string& text) {
    const std::string out = masked(guard, text);
    EXPECT_TRUE(nlohmann::json::accept(out)) << text << "\n" << out;
    return out;
  };
  EXPECT_EQ(keeps(R"({"id":123456789012,"x":[1,123456789,2]})"),
            R"({"id":111111111111,"x":[1,111111111,2]})");
  EXPECT_EQ(keeps(R"({"t":"line\nnvapi-0123abcdefgh"})"), R"({"t":"line\n******************"})");
  EXPECT_EQ(keeps(R"({"key":"quoted"})"), R"({"key":"quoted"})");
  EXPECT_EQ(keeps(R"(["{\"key\":\"quoted\\\"value\"}"])"), "[\"" + stars(29) + "\"]");
  EXPECT_EQ(keeps(R"(["a\\b\\nc\"d\/efgh\\"])"), "[\"" + stars(17) + R"(\\"])");
}

TEST(SecretGuard, KeepsUtf8Valid) {
  const SecretGuard guard = guard_of({"passwörd-für-ünsere-Dienste"});
  EXPECT_EQ(masked(guard, "«passwörd-für-ünsere-Dienste»"), "«" + stars(30) + "»");
  EXPECT_TRUE(is_valid_utf8(masked(guard, "ö«sswörd-für-ü»")));
  EXPECT_EQ(masked(guard, R"(passw\u00f6rd-f\u00FCr-%C3%BCnsere)"), stars(34));
}

TEST(SecretGuard, HoldsNothingBackAtALineEnd) {
  const SecretGuard guard = guard_of({kKey});
  SecretGuard::Stream stream(guard);
  std::string event = "data: {\"x\":\"sk-proj-\"}\n\n";
  EXPECT_EQ(stream.mask(event), event.size());
  std::string open = "data: {\"x\":\"sk-proj-";
  EXPECT_EQ(stream.mask(open), open.size() - 8);
  std::string other = "sk-proj-\u2026";
  EXPECT_EQ(stream.mask(other), other.size());
}

TEST(SecretGuard, TakesNoEscapeForSuspiciousThatNoSecretNeeds) {
  const SecretGuard guard = guard_of({kKey});
  EXPECT_FALSE(guard.may_find(R"({"content":"if (a < b) {\n\t\"x\" & y % 7 == \\\u003c \u4f60"})"));
  EXPECT_FALSE(guard.may_find("caf%C3%A9 100% &lt;b&gt; a&b;"));
  EXPECT_TRUE(guard.may_find(R"(https:\/\/)"));
}

// A comparison with the simplest implementation, for texts without escapes.
std::string masked_plainly(std::string text, const std::vector<std::string_view>& secrets) {
  std::string out = text;
  for (const std::string_view secret : secrets) {
    const std::size_t length = SecretGuard::kRunBytes;
    for (std::size_t at = 0; at + length <= secret.size(); ++at) {
      const std::string_view run = secret.substr(at, length);
      for (std::size_t found = text.find(run); found != std::string::npos;
           found = text.find(run, found + 1)) {
        out.replace(found, length, length, '*');
      }
    }
  }
  return out;
}

TEST(SecretGuard, AgreesWithAPlainSearchAtAnyCut) {
  const std::vector<std::string_view> secrets = {"abababababacb", "aabbaabbccaabb", "cacacabacaca"};
  const SecretGuard guard(secrets);
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    while (text.size() < 20 + random() % 60) {
      if (random() % 4 == 0) {
        const std::string_view secret = secrets[random() % secrets.size()];
        const std::size_t at = random() % secret.size();
        text += secret.substr(at, random() % (secret.size() - at + 1));
      } else {
        text += "abc"[random() % 3];
      }
    }
    const std::string expected = masked_plainly(text, secrets);
    ASSERT_EQ(masked(guard, text), expected) << text;
    std::vector<std::size_t> cuts = {random() % text.size(), random() % text.size()};
    std::ranges::sort(cuts);
    ASSERT_EQ(masked_in_pieces(guard, text, cuts), expected) << text;
  }
}

TEST(SecretGuard, FindsASecretAnywhereInALongText) {
  const SecretGuard guard = guard_of({kKey});
  for (std::size_t at = 4000; at < 4200; ++at) {
    std::string text = std::string(at, 'x') + std::string(kKey) + std::string(5000, 'y');
    ASSERT_LE(longest_part(masked(guard, text)), 1u) << at;
  }
}

TEST(SecretGuard, ServesAsManySecretsAsThereAre) {
  std::vector<std::string> keys;
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i)
    keys.push_back(fmt::format("key-{:016x}{:016x}", random(), random()));
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const SecretGuard guard(views);
  for (const std::string& key : keys) {
    ASSERT_EQ(masked(guard, "<" + key + ">"), "<" + stars(key.size()) + ">");
  }
}

}  // namespace
}  // namespace penstock
