#include "config/decode_admin.h"

#include <array>

#include "config/decode_address.h"
#include "config/url.h"

namespace penstock::config {
namespace {

constexpr std::array kAdminKeys = {
    Key<Admin>{"host", "host or unix:PATH", "127.0.0.1",
               [](Decoder& decoder, const Node& node, Admin& admin) {
                 decode_host(decoder, node, admin.host);
               }},
    Key<Admin>{"port", "integer", "8322",
               [](Decoder& decoder, const Node& node, Admin& admin) {
                 store(decoder.integer(node, {0, 65535}), admin.port);
               }},
    Key<Admin>{"tls", "boolean", "false",
               [](Decoder& decoder, const Node& node, Admin& admin) {
                 store(decoder.boolean(node), admin.tls);
               }},
    Key<Admin>{"only_here", "boolean", "false",
               [](Decoder& decoder, const Node& node, Admin& admin) {
                 store(decoder.boolean(node), admin.only_here);
               }},
};

bool is_wildcard(std::string_view host) {
  return host == "0.0.0.0" || host == "::";
}

bool is_same_address(const Server& server, const Admin& admin) {
  const bool is_socket =
      !socket_of_host(server.host).empty() || !socket_of_host(admin.host).empty();
  if (is_socket) return server.host == admin.host;
  if (server.port != admin.port || server.port == 0) return false;
  return server.host == admin.host || is_wildcard(server.host) || is_wildcard(admin.host);
}

}  // namespace

void decode_admin(Decoder& decoder, const Node& node, Draft& draft) {
  decode_section<Admin>(decoder, node, kAdminKeys, draft.settings.admin.emplace());
}

void list_admin_keys(const std::string& path, KnownKeys& out) {
  list_section<Admin>(path, kAdminKeys, out);
}

void check_admin(Decoder& decoder, const Node& root, const Settings& settings) {
  const Node* const section = decoder.given(root, "admin");
  if (section == nullptr || !settings.admin) return;
  if (is_same_address(settings.server, *settings.admin)) {
    decoder.error_at_key(*section,
                         "the server listens at this address itself; give another admin.port");
  }
  if (settings.admin->tls && settings.server.tls_certfile.empty()) {
    decoder.error_at_key(*section, "admin.tls needs the certificate in server.tls_certfile");
  }
}

}  // namespace penstock::config
