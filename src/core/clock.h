#pragma once

// Time and randomness behind interfaces, so that tests and a seeded simulation can control both.
//
// A Clock belongs to one thread. steady() orders events and measures durations; wall() gives the
// date and time. SystemClock reads the machine's clocks; FakeClock moves only when a test moves it.

#include <chrono>
#include <cstdint>

namespace penstock {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady() const = 0;
  virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
};

class FakeClock final : public Clock {
 public:
  SteadyTime steady() const override { return SteadyTime{} + elapsed_; }
  WallTime wall() const override {
    return WallTime{} + std::chrono::hours(24 * 365 * 50) +
           std::chrono::duration_cast<WallTime::duration>(elapsed_);
  }
  void advance(std::chrono::nanoseconds by) { elapsed_ += by; }

 private:
  std::chrono::nanoseconds elapsed_{std::chrono::hours(1)};
};

// Random numbers for identifiers, jitter and choice; never for keys.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

// splitmix64 over a seed; the quality of xoshiro is not needed. One generator per thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace penstock
