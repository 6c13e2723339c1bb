#pragma once

// Token counts as an answer states them (OpenAI API, `usage`).

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace penstock::wire {

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t total_tokens = 0;
};

// Decodes usage objects for one thread; holds simdjson's working memory between calls, which then
// allocate nothing.
class UsageReader {
 public:
  // The longest object that is read; what the rewriters remember is no longer.
  static constexpr std::size_t kBytesMax = 4096;

  UsageReader();
  ~UsageReader();
  UsageReader(UsageReader&&) noexcept;

  // Absent counts and null are 0; a text that is not an object, or counts that are not whole
  // numbers from 0 to 2^53, give nothing.
  std::optional<Usage> read(std::string_view object);

 private:
  struct Working;
  std::unique_ptr<Working> working_;
};

}  // namespace penstock::wire
