#include "store/id.h"

#include <sodium.h>

#include <array>
#include <chrono>
#include <stdexcept>

namespace penstock::store {
namespace {

constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kTimeDigits = 10;
constexpr std::size_t kRandomDigits = 16;

}  // namespace

Id make_id(WallTime now) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  auto time = static_cast<std::uint64_t>(since.count());
  Id id(kTimeDigits + kRandomDigits, '0');
  for (std::size_t at = kTimeDigits; at > 0; time >>= 5) id[--at] = kDigits[time & 31];
  std::array<unsigned char, kRandomDigits> random{};
  randombytes_buf(random.data(), random.size());
  for (std::size_t i = 0; i < random.size(); ++i) id[kTimeDigits + i] = kDigits[random[i] & 31];
  return id;
}

}  // namespace penstock::store
