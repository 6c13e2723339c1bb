#pragma once

// Result<T>: a value, or the Error that says why there is none.
//
// Expected failures are values. An exception means a bug or a failed start, and never crosses a
// room's border. Status is a Result without a value.

#include <expected>
#include <utility>

#include "core/error.h"

namespace penstock {

template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

[[gnu::cold]] inline std::unexpected<Error> failure(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace penstock
