#pragma once

// Whether a sanitizer has replaced the allocator: it keeps what is freed, so measures of memory say
// nothing.

namespace penstock::testing {

inline constexpr bool kOwnAllocator =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    false;
#endif

}  // namespace penstock::testing
