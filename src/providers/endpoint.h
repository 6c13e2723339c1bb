#pragma once

// Endpoint: one URL of an upstream, with what every call to it has, ready to send.

#include "config/settings.h"
#include "http/field_block.h"
#include "http/upstream_pool.h"

namespace penstock::providers {

struct Endpoint {
  config::Url url;
  http::UpstreamPool* pool = nullptr;  // never null in a call
  config::KeyForm auth = config::KeyForm::kBearer;
  http::FieldBlock opening_fields;  // Host and the operator's fields, except the one of the key
  http::FieldBlock key_field;       // with the operator's key; empty: there is none
};

}  // namespace penstock::providers
