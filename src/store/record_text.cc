#include "store/record_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "config/terms_words.h"
#include "core/json_reader.h"
#include "core/json_writer.h"

namespace penstock::store {
namespace {

// Of what an administrator has stored, whom the administration API bounds.
constexpr JsonBounds kStoredBounds{.depth = 4, .values = 1'000'000};

// In the order of the enumerations, as those of config/terms_words.h. They are in files: another
// word is a migration.
constexpr std::array<std::string_view, 4> kOwnerKinds = {"organization", "team", "user", "key"};
constexpr std::array<std::string_view, 2> kRoles = {"inference", "admin"};
constexpr std::array<std::string_view, 3> kWhenExceeded = {"refuse", "warn", "route"};

template <class Enumeration, std::size_t Count>
void read_enumerator(std::string_view text, const std::array<std::string_view, Count>& names,
                     Enumeration& value, bool& damaged) {
  const auto* const found = std::ranges::find(names, text);
  if (found == names.end()) {
    damaged = true;
  } else {
    value = static_cast<Enumeration>(found - names.begin());
  }
}

void write_list(JsonWriter& writer, std::span<const std::string> values) {
  writer.begin_array();
  for (const std::string& each : values) writer.text(each);
  writer.end_array();
}

std::vector<std::string> texts_of(const JsonValue& list, bool& damaged) {
  std::vector<std::string> values;
  if (!list.is_array()) damaged = true;
  for (const JsonMember& each : list.members()) {
    if (!each.value.is_string()) damaged = true;
    values.push_back(each.value.text());
  }
  return values;
}

}  // namespace

std::string list_text(std::span<const std::string> values) {
  std::string text;
  JsonWriter writer(text);
  write_list(writer, values);
  return text;
}

std::vector<std::string> read_list(std::string_view text, bool& damaged) {
  const auto document = JsonDocument::read(text, kStoredBounds);
  if (document) return texts_of(document->root(), damaged);
  damaged = true;
  return {};
}

std::string addresses_text(std::span<const AddressRange> values) {
  std::vector<std::string> texts;
  for (const AddressRange& each : values) texts.push_back(each.text());
  return list_text(texts);
}

std::vector<AddressRange> read_addresses(std::string_view text, bool& damaged) {
  std::vector<AddressRange> values;
  for (const std::string& each : read_list(text, damaged)) {
    const std::optional<AddressRange> range = AddressRange::parse(each);
    if (range) {
      values.push_back(*range);
    } else {
      damaged = true;
    }
  }
  return values;
}

std::string percents_text(std::span<const std::uint32_t> values) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_array();
  for (const std::uint32_t each : values) writer.number(each);
  writer.end_array();
  return text;
}

std::vector<std::uint32_t> read_percents(std::string_view text, bool& damaged) {
  std::vector<std::uint32_t> values;
  const auto document = JsonDocument::read(text, kStoredBounds);
  if (!document || !document->root().is_array()) {
    damaged = true;
    return values;
  }
  for (const JsonMember& each : document->root().members()) {
    const std::string_view raw = each.value.raw();
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    if (error != std::errc() || end != raw.data() + raw.size()) damaged = true;
    values.push_back(value);
  }
  return values;
}

std::string lists_text(const ListsByName& values) {
  std::string text;
  JsonWriter writer(text);
  writer.begin_object();
  for (const auto& [name, list] : values) write_list(writer.key(name), list);
  writer.end_object();
  return text;
}

ListsByName read_lists(std::string_view text, bool& damaged) {
  ListsByName values;
  const auto document = JsonDocument::read(text, kStoredBounds);
  if (!document || !document->root().is_object()) {
    damaged = true;
    return values;
  }
  for (const JsonMember& each : document->root().members()) {
    values.emplace(each.key->text(), texts_of(each.value, damaged));
  }
  return values;
}

std::string_view text_of(OwnerKind value) {
  return kOwnerKinds[static_cast<std::size_t>(value)];
}
std::string_view text_of(config::Role value) {
  return kRoles[static_cast<std::size_t>(value)];
}
std::string_view text_of(config::Quantity value) {
  return config::kQuantities[static_cast<std::size_t>(value)];
}
std::string_view text_of(config::BudgetUnit value) {
  return config::kBudgetUnits[static_cast<std::size_t>(value)];
}
std::string_view text_of(config::BudgetAlignment value) {
  return config::kAlignments[static_cast<std::size_t>(value)];
}
std::string_view text_of(config::OnExceeded value) {
  return kWhenExceeded[static_cast<std::size_t>(value)];
}

void read_text(std::string_view text, OwnerKind& value, bool& damaged) {
  read_enumerator(text, kOwnerKinds, value, damaged);
}
void read_text(std::string_view text, config::Role& value, bool& damaged) {
  read_enumerator(text, kRoles, value, damaged);
}
void read_text(std::string_view text, config::Quantity& value, bool& damaged) {
  read_enumerator(text, config::kQuantities, value, damaged);
}
void read_text(std::string_view text, config::BudgetUnit& value, bool& damaged) {
  read_enumerator(text, config::kBudgetUnits, value, damaged);
}
void read_text(std::string_view text, config::BudgetAlignment& value, bool& damaged) {
  read_enumerator(text, config::kAlignments, value, damaged);
}
void read_text(std::string_view text, config::OnExceeded& value, bool& damaged) {
  read_enumerator(text, kWhenExceeded, value, damaged);
}

}  // namespace penstock::store
