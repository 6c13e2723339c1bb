#include "sim/token_text.h"

#include <algorithm>
#include <array>

#include "core/clock.h"
#include "core/text.h"

namespace penstock::sim {
namespace {

constexpr std::size_t kTokens = 8192;

// Some contain what JSON escapes and what UTF-8 writes in two to four bytes.
constexpr std::array<std::string_view, 20> kSentences = {
    "A penstock is the pipe that carries water from a reservoir to a turbine.",
    "It opens and closes by a gate, and the gate decides how much may pass.",
    "What flows through it is neither added to nor taken from.",
    "Pressure grows with the height of the water above the turbine.",
    "A surge tank takes up the shock when the gate is closed too fast.",
    "Engineers call that shock \"water hammer\", and they respect it.",
    "The trash rack at the intake keeps driftwood out of the pipe.",
    "A small leak is found by listening along the line at night.",
    "In French it is called a conduite forcée, in German a Druckrohrleitung.",
    "The Japanese word is 水圧管路, which says the same with four signs.",
    "Measure the flow before you promise the power.",
    "Every valve on the way has a number, a drawing and a date of test.",
    "Steel was riveted first, then welded; today some pipes are of glass fibre.",
    "The turbine does not ask where the water came from.",
    "When the grid loses its load, the needles close within seconds.",
    "Below the power house the river goes on as if nothing had happened.",
    "Here is a list of what to check:\n- the gate,\n- the seals,\n- the drain.",
    "A good operator looks at the gauges, then at the river. 🚰",
    "An honest meter shows the same at both ends of the pipe.",
    "Less friction means more energy, so the walls are kept smooth.",
};

}  // namespace

TokenText::TokenText(std::uint64_t seed) {
  SeededRandom random(seed);
  while (tokens() < kTokens) {
    std::string_view sentence = kSentences[random.next() % kSentences.size()];
    starts_.push_back(tokens());
    while (!sentence.empty()) {
      const std::size_t end = std::min(sentence.find(' '), sentence.size());
      text_.push_back(' ');
      append_json_escaped(text_, sentence.substr(0, end));
      ends_.push_back(text_.size());
      sentence.remove_prefix(std::min(end + 1, sentence.size()));
    }
  }
}

std::string_view TokenText::token(std::size_t start, std::size_t index) const {
  const std::size_t at = (start + index) % tokens();
  // An answer does not begin with a space.
  const std::size_t begin = begin_of(at) + (index == 0 ? 1 : 0);
  return std::string_view(text_).substr(begin, ends_[at] - begin);
}

void TokenText::append(std::string& out, std::size_t start, std::size_t count) const {
  if (count == 0) return;
  out.append(token(start, 0));
  std::size_t at = (start + 1) % tokens();
  for (std::size_t left = count - 1; left > 0;) {
    const std::size_t run = std::min(left, tokens() - at);
    const std::size_t begin = begin_of(at);
    out.append(text_, begin, ends_[at + run - 1] - begin);
    left -= run;
    at = 0;
  }
}

}  // namespace penstock::sim
