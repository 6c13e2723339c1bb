#include "config/describe_owners.h"

#include "config/date.h"
#include "config/decode_keys.h"
#include "config/describe_terms.h"
#include "config/described_values.h"

namespace penstock::config {
namespace {

void write_if_named(DescriptionWriter& out, std::string_view key, const std::string& name) {
  if (!name.empty()) out.text(key, name);
}

void write_list(DescriptionWriter& out, std::string_view key,
                const std::vector<DeclaredOwner>& owners) {
  if (owners.empty()) return;
  out.open(key);
  for (const DeclaredOwner& owner : owners) {
    out.open_item();
    out.text("name", owner.name);
    write_if_named(out, "team", owner.team);
    write_if_named(out, "organization", owner.organization);
    write_terms(out, owner.terms);
    out.close();
  }
  out.close();
}

}  // namespace

void write_api_keys(DescriptionWriter& out, const std::vector<ApiKey>& api_keys) {
  if (api_keys.empty()) return out.literal("api_keys", "[]");
  out.open("api_keys");
  for (const ApiKey& api_key : api_keys) {
    out.open_item();
    out.text("name", api_key.name);
    if (api_key.hash) {
      out.text("key_hash", key_hash_text(*api_key.hash));
    } else {
      out.secret("key", api_key.key);
    }
    out.text("role", api_key.role == Role::kAdmin ? "admin" : "inference");
    write_if_named(out, "organization", api_key.organization);
    write_if_named(out, "team", api_key.team);
    write_if_named(out, "user", api_key.user);
    if (!api_key.tags.empty()) write_texts(out, "tags", api_key.tags);
    if (api_key.expires) out.text("expires", time_text(*api_key.expires));
    write_terms(out, api_key.terms);
    out.close();
  }
  out.close();
}

void write_owners(DescriptionWriter& out, const Owners& owners) {
  write_list(out, "organizations", owners.organizations);
  write_list(out, "teams", owners.teams);
  write_list(out, "users", owners.users);
}

}  // namespace penstock::config
