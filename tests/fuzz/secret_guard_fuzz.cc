// The guard of secrets: cuts do not matter, lengths stay, JSON and UTF-8 stay valid, nothing is
// left that another JSON library reads as a part of a secret, and a text without escapes gives the
// same result as a plain search. The first two bytes of the input choose cuts.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/secret_guard.h"
#include "core/text.h"
#include "require.h"

namespace {

using penstock::SecretGuard;
using penstock::fuzz::require;

constexpr std::array<std::string_view, 4> kSecrets = {
    "sk-proj-ab/cd+efgh01", "aaaaaaaaaabaaaaaaaaa", "0123456789", "user:p\\n\"\xC3\xB6w%41d&amp;"};
constexpr std::size_t kRun = SecretGuard::kRunBytes;

const SecretGuard& guard() {
  static const SecretGuard guard(kSecrets);
  return guard;
}

std::string in_pieces(std::string_view text, std::uint32_t seed) {
  SecretGuard::Stream stream(guard());
  std::string out;
  std::string buffer;
  while (!text.empty()) {
    seed = seed * 1664525U + 1013904223U;
    const std::size_t size = std::min<std::size_t>(text.size(), 1 + (seed >> 16) % 37);
    buffer.append(text.substr(0, size));
    text.remove_prefix(size);
    const std::size_t ready = stream.mask(buffer);
    out.append(buffer, 0, ready);
    buffer.erase(0, ready);
    require(buffer.size() < 600);
  }
  stream.finish(buffer);
  return out + buffer;
}

// For the first two secrets, whose runs are neither numbers nor escapes.
bool shows_secret(std::string_view text) {
  for (const std::string_view secret : {kSecrets[0], kSecrets[1]}) {
    for (std::size_t at = 0; at + kRun <= secret.size(); ++at) {
      if (text.find(secret.substr(at, kRun)) != std::string_view::npos) return true;
    }
  }
  return false;
}

void require_no_secret(const nlohmann::json& json) {
  if (json.is_string()) require(!shows_secret(json.get_ref<const std::string&>()));
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) {
    require(!shows_secret(key));
    require_no_secret(value);
  }
}

std::string plainly(const std::string& text) {
  std::string out = text;
  for (std::size_t at = 0; at + kRun <= text.size(); ++at) {
    const std::string run = text.substr(at, kRun);
    const bool found = std::ranges::any_of(kSecrets, [&](std::string_view secret) {
      return secret.find(run) != std::string_view::npos;
    });
    if (!found) continue;
    const bool is_number = run.find_first_not_of("0123456789") == std::string::npos &&
                           out.substr(at, kRun).find('*') == std::string::npos;
    out.replace(at, kRun, kRun, is_number ? '1' : '*');
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::uint32_t seed = data[0] + 256U * data[1] + 1;
  const std::string text(reinterpret_cast<const char*>(data) + 2, size - 2);

  std::string whole = text;
  guard().mask(whole);
  require(whole.size() == text.size());
  require(whole == text || guard().may_find(text));
  require(in_pieces(text, seed) == whole);
  if (penstock::is_valid_utf8(text)) require(penstock::is_valid_utf8(whole));
  if (text.find_first_of(std::string_view("\\%&\"\0", 5)) == std::string::npos) {
    // Base64 is searched for as well.
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-/+ 0123456789") == std::string::npos) {
      require(whole == plainly(text));
    }
  }
  if (text.find('\0') != std::string::npos) return 0;
  const nlohmann::json json = nlohmann::json::parse(whole, nullptr, false);
  if (nlohmann::json::accept(text)) require(!json.is_discarded());
  if (!json.is_discarded()) require_no_secret(json);
  return 0;
}
