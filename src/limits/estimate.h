#pragma once

// Estimator: how many tokens a request is likely to use, before its upstream has said.
//
// It begins with what is usual for text, and learns from the answers of each upstream model: how
// many tokens a byte is, and how long answers are. One for each I/O thread; bounded: of more models
// than it has room for, it learns nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/store_settings.h"
#include "core/text.h"
#include "wire/bodies/request_size.h"

namespace penstock::limits {

class Estimator {
 public:
  static constexpr std::size_t kModelsMax = 1024;
  static constexpr std::int64_t kDefaultOutput = 1024;  // tokens

  struct Tokens {
    std::int64_t input = 0;
    std::int64_t output = 0;
  };
  // For the model of that name at its upstream, `provider/model`.
  Tokens expect(std::string_view model, const wire::RequestSize& request,
                config::Reserve reserve) const;
  // How much text of the model is likely to be.
  std::int64_t tokens_of(std::string_view model, const wire::TextSize& text) const;

  // What an answer has stated.
  void learn_input(std::string_view model, const wire::RequestSize& request, std::uint64_t tokens);
  void learn_output(std::string_view model, std::uint64_t tokens);

 private:
  // Of the lengths of answers, by quarters of powers of two: 2^(i/4).
  class Lengths {
   public:
    void add(std::uint64_t tokens);
    // What that share of the answers does not exceed; nullopt: too few are known.
    std::optional<std::int64_t> quantile(double share) const;

   private:
    static constexpr std::size_t kBuckets = 128;
    std::array<std::uint32_t, kBuckets> counts_{};
    std::uint32_t total_ = 0;
  };
  struct Learned {
    double factor = 1;  // of the usual estimate of text
    std::uint32_t samples = 0;
    Lengths lengths;
  };

  std::int64_t input_of(std::string_view model, const wire::RequestSize& request) const;
  const Learned* find(std::string_view model) const;
  Learned* find_or_add(std::string_view model);

  std::unordered_map<std::string, Learned, TextHash, std::equal_to<>> models_;
};

}  // namespace penstock::limits
