#include "config/no_proxy.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::string_view kEveryHost = "*";

std::unexpected<Error> refused_entry() {
  return failure(Error::client(ErrorKind::kInvalidRequest,
                               "expected `*`, a host, a domain, an address or a range such as "
                               "10.0.0.0/8, each optionally with a port"));
}

// Where the port's colon is; npos if there is none. An IPv6 address without brackets has no port.
std::size_t port_colon(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return colon;
  const bool is_bracketed = colon > 0 && text[colon - 1] == ']';
  return is_bracketed || text.find(':') == colon ? colon : std::string_view::npos;
}

std::string_view without_brackets(std::string_view text) {
  const bool has_them = text.starts_with('[') && text.ends_with(']');
  return has_them ? text.substr(1, text.size() - 2) : text;
}

std::string_view without_leading_dot(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) name.remove_prefix(1);
  return name;
}

}  // namespace

Result<NoProxy> NoProxy::parse(std::string_view text) {
  text = trim(text);
  NoProxy entry;
  if (const std::size_t colon = port_colon(text); colon != std::string_view::npos) {
    const std::optional<std::uint64_t> port = parse_decimal(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return refused_entry();
    entry.port_ = static_cast<std::uint16_t>(*port);
    text = text.substr(0, colon);
  }
  entry.range_ = AddressRange::parse(without_brackets(text));
  if (entry.range_) return entry;
  if (text == kEveryHost) {
    entry.name_ = kEveryHost;
    return entry;
  }
  const Result<std::string> name = parse_host(without_leading_dot(text));
  if (!name) return refused_entry();
  entry.name_ = *name;
  return entry;
}

bool NoProxy::covers(const Url& url) const {
  return (!port_ || *port_ == url.port) && covers_host(url.host);
}

bool NoProxy::covers_host(std::string_view host) const {
  if (range_) {
    const std::optional<IpAddress> address = IpAddress::parse(host);
    return address && range_->contains(*address);
  }
  if (name_ == kEveryHost || host == name_) return true;
  return host.size() > name_.size() && host.ends_with(name_) &&
         host[host.size() - name_.size() - 1] == '.';
}

std::string NoProxy::text() const {
  std::string out = range_ ? range_->text() : name_;
  if (!port_) return out;
  if (out.contains(':')) out = "[" + out + "]";
  return out + ":" + std::to_string(*port_);
}

std::vector<std::string_view> no_proxy_entries(std::string_view list) {
  constexpr std::string_view kSeparators = ", \t\n";
  std::vector<std::string_view> entries;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(kSeparators), list.size());
    if (end > 0) entries.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return entries;
}

}  // namespace penstock::config
