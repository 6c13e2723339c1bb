#pragma once

// The users, teams and organizations above API keys.

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_organizations(Decoder& decoder, const Node& node, Draft& draft);
void decode_teams(Decoder& decoder, const Node& node, Draft& draft);
void decode_users(Decoder& decoder, const Node& node, Draft& draft);
// Their own keys; that of terms are those of API keys (config/decode_terms.h).
void list_organizations_keys(const std::string& path, KnownKeys& out);
void list_teams_keys(const std::string& path, KnownKeys& out);
void list_users_keys(const std::string& path, KnownKeys& out);

// Once everything has been read: an entry that names an owner that there is not, or one of another
// branch of the tree, is an error.
void check_owners(Decoder& decoder, const Node& root, const Settings& settings);

}  // namespace penstock::config
