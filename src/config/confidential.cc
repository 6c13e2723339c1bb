#include "config/confidential.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/credentials.h"
#include "core/ip_address.h"

namespace penstock::config {
namespace {

// `gpu.internal:8000` of `https://user:password@gpu.internal:8000/v1`.
std::string_view authority_in(std::string_view word) {
  constexpr std::string_view kMark = "://";
  const std::size_t scheme = word.find(kMark);
  if (scheme != std::string_view::npos) word.remove_prefix(scheme + kMark.size());
  word = word.substr(0, word.find_first_of("/?#"));
  return word.substr(word.rfind('@') + 1);
}

// A name without a dot is a word like any other, and this machine is no secret.
bool may_be_hidden(std::string_view host) {
  const bool is_name_or_address =
      host.contains(':') || host.substr(0, host.find_last_not_of('.') + 1).contains('.');
  const std::optional<IpAddress> address = IpAddress::parse(host);
  return is_name_or_address && !(address && address->is_loopback());
}

// `gpu.internal` of the same; empty if there is none.
std::string_view host_in(std::string_view word) {
  std::string_view host = authority_in(word);
  const bool is_bracketed = host.starts_with('[');
  host = is_bracketed ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  host.remove_prefix(std::min(host.find_first_not_of("*."), host.size()));
  return may_be_hidden(host) ? host : std::string_view();
}

void add_hosts(std::vector<std::string>& found, std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n,;\"'";
  for (std::size_t at = 0; (at = text.find_first_not_of(kBetween, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    found.emplace_back(host_in(text.substr(at, end - at)));
    at = end;
  }
}

}  // namespace

HiddenTexts hidden_texts_of(std::span<const FileText> files) {
  std::vector<std::string> found;
  for (const FileText& file : files) {
    found.emplace_back(file.text.reveal());
    add_hosts(found, file.text.reveal());
  }
  return HiddenTexts(found);
}

Confidential confidential_of(const Settings& settings) {
  return {.credentials = guard_credentials(settings), .texts = hidden_texts_of(settings.files)};
}

}  // namespace penstock::config
