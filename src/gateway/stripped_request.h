#pragma once

// StrippedRequest: a request without the items that only the account which made them can open
// (wire/bodies/sealed_items.h).

#include <memory>

#include "core/result.h"
#include "gateway/passed_request.h"
#include "http/body_memory.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

class StrippedRequest {
 public:
  // Null if `request`, which outlives it, has no such items, or there is no memory for its body.
  static std::unique_ptr<StrippedRequest> of(const PassedRequest& request);

  const PassedRequest& request() const { return request_; }

 private:
  StrippedRequest(const PassedRequest& request, http::BodyMemory body, wire::RequestFields fields);

  const http::BodyMemory body_;
  const wire::RequestFields fields_;
  const PassedRequest request_;
};

}  // namespace penstock::gateway
