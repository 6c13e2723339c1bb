#include "limits/estimate.h"

#include <algorithm>
#include <cmath>

namespace penstock::limits {
namespace {

// What is usual, in tokens.
constexpr double kOfAsciiByte = 0.27;
constexpr double kOfOtherByte = 0.6;
constexpr std::int64_t kOfImage = 1'100;
constexpr std::int64_t kOfSmallImage = 85;
constexpr std::int64_t kOfFile = 2'000;

// What is learned counts from the 20th answer on, and later ones by a twentieth each. It lies
// between 0.1 and 1.2 tokens for each byte of ASCII.
constexpr std::uint32_t kSamplesMin = 20;
constexpr double kWeight = 0.05;
constexpr double kFactorMin = 0.1 / kOfAsciiByte;
constexpr double kFactorMax = 1.2 / kOfAsciiByte;

// An answer is rarely longer than those before; where the 99th of a hundred ends, half as much
// again.
constexpr double kLongShare = 0.99;
constexpr double kUsualShare = 0.95;
constexpr double kLongMargin = 1.5;
// As long as too few answers are known: clients ask for all that a model can write.
constexpr std::int64_t kLongAtFirst = 2 * Estimator::kDefaultOutput;

// A table of more is halved, so that what is learned follows what changes.
constexpr std::uint32_t kLengthsMax = 4096;

double usual_of_text(const wire::RequestSize& request) {
  return kOfAsciiByte * static_cast<double>(request.text.ascii_bytes) +
         kOfOtherByte * static_cast<double>(request.text.other_bytes);
}

std::int64_t of_media(const wire::RequestSize& request) {
  return static_cast<std::int64_t>(request.images) * kOfImage +
         static_cast<std::int64_t>(request.small_images) * kOfSmallImage +
         static_cast<std::int64_t>(request.files) * kOfFile;
}

}  // namespace

void Estimator::Lengths::add(std::uint64_t tokens) {
  const double quarters = 4 * std::log2(static_cast<double>(std::max<std::uint64_t>(1, tokens)));
  const auto bucket = static_cast<std::size_t>(std::ceil(quarters));
  ++counts_[std::min(bucket, kBuckets - 1)];
  if (++total_ < kLengthsMax) return;
  total_ = 0;
  for (std::uint32_t& count : counts_) total_ += count /= 2;
}

std::optional<std::int64_t> Estimator::Lengths::quantile(double share) const {
  if (total_ < kSamplesMin) return std::nullopt;
  const auto wanted = static_cast<std::uint32_t>(std::ceil(share * total_));
  std::uint32_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (seen += counts_[bucket]) < wanted) ++bucket;
  return static_cast<std::int64_t>(std::ceil(std::exp2(static_cast<double>(bucket) / 4)));
}

const Estimator::Learned* Estimator::find(std::string_view model) const {
  const auto found = models_.find(model);
  return found == models_.end() ? nullptr : &found->second;
}

Estimator::Learned* Estimator::find_or_add(std::string_view model) {
  const auto found = models_.find(model);
  if (found != models_.end()) return &found->second;
  if (models_.size() >= kModelsMax) return nullptr;
  return &models_.try_emplace(std::string(model)).first->second;
}

std::int64_t Estimator::input_of(std::string_view model, const wire::RequestSize& request) const {
  const Learned* const learned = find(model);
  const bool counts = learned != nullptr && learned->samples >= kSamplesMin;
  const double text = usual_of_text(request) * (counts ? learned->factor : 1);
  return std::max<std::int64_t>(1, std::llround(text)) + of_media(request);
}

std::int64_t Estimator::tokens_of(std::string_view model, const wire::TextSize& text) const {
  if (text.ascii_bytes + text.other_bytes == 0) return 0;
  return input_of(model, {.text = text});
}

Estimator::Tokens Estimator::expect(std::string_view model, const wire::RequestSize& request,
                                    config::Reserve reserve) const {
  Tokens tokens{.input = input_of(model, request), .output = kDefaultOutput};
  const Learned* const learned = find(model);
  const auto quantile = [&](double share) {
    return learned == nullptr ? std::nullopt : learned->lengths.quantile(share);
  };
  if (!request.output_tokens) {
    tokens.output = quantile(kUsualShare).value_or(kDefaultOutput);
    return tokens;
  }
  tokens.output = static_cast<std::int64_t>(*request.output_tokens);
  if (reserve == config::Reserve::kExact) return tokens;
  const std::int64_t usual = quantile(kLongShare).value_or(kLongAtFirst);
  const auto most = std::llround(kLongMargin * static_cast<double>(usual));
  tokens.output = std::min<std::int64_t>(tokens.output, most);
  return tokens;
}

// The factor is the mean of the first answers, then a moving one.
void Estimator::learn_input(std::string_view model, const wire::RequestSize& request,
                            std::uint64_t tokens) {
  const double usual = usual_of_text(request);
  const double of_text = static_cast<double>(tokens) - static_cast<double>(of_media(request));
  if (usual <= 0 || of_text <= 0) return;
  Learned* const learned = find_or_add(model);
  if (learned == nullptr) return;
  const double factor = std::clamp(of_text / usual, kFactorMin, kFactorMax);
  const double weight = std::max(kWeight, 1.0 / (learned->samples + 1));
  learned->factor += weight * (factor - learned->factor);
  if (learned->samples < kSamplesMin) ++learned->samples;
}

void Estimator::learn_output(std::string_view model, std::uint64_t tokens) {
  if (Learned* const learned = find_or_add(model)) learned->lengths.add(tokens);
}

}  // namespace penstock::limits
