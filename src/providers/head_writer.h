#pragma once

// HeadWriter: writes target and fields of the calls of one provider.
//
// What the operator has set precedes everything, then comes what the caller's provider data fill
// (forward_headers), then those fields of the client's own head that pass (client_fields.h).

#include <string>
#include <string_view>

#include "config/settings.h"
#include "http/field_block.h"
#include "providers/call.h"
#include "providers/client_fields.h"
#include "providers/provider_data.h"
#include "providers/upstream_request.h"

namespace penstock::providers {

class HeadWriter {
 public:
  // The settings outlive the writer.
  explicit HeadWriter(const config::Provider& settings);

  void write(const UpstreamRequest& request, const Call& call, std::string& target,
             http::FieldBlock& fields) const;
  // Of a request of the gateway's own. `path` as in an UpstreamRequest; empty: the endpoint's own.
  void write_own(std::string_view path, const Call& call, const ProviderData* data,
                 std::string& target, http::FieldBlock& fields) const;

 private:
  void append_target(std::string& out, std::string_view path, const Call& call,
                     std::string_view callers_query) const;
  void add_fields(http::FieldBlock& out, const Call& call, const ProviderData* data) const;
  void add_forwarded(http::FieldBlock& out, const Call& call, const ProviderData& data) const;
  std::string joined_query(std::string_view callers_query) const;
  // Whether the configuration or the caller's data fill that field.
  bool sets(std::string_view name, const ProviderData* data) const;

  const config::Provider& settings_;
  const ClientFields client_fields_;
  std::string query_;                // with its question mark; empty if there is none
  http::FieldBlock closing_fields_;  // what follows the caller's fields
};

}  // namespace penstock::providers
