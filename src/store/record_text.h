#pragma once

// The parts of records that a column of text holds: lists, as JSON arrays, and enumerations.
//
// Readers of what is damaged set `damaged` and return something; a record that is damaged is not
// used, as a list of what is denied must not become empty.

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/terms.h"
#include "core/address_range.h"
#include "store/records.h"

namespace penstock::store {

std::string list_text(std::span<const std::string> values);
std::vector<std::string> read_list(std::string_view text, bool& damaged);

std::string addresses_text(std::span<const AddressRange> values);
std::vector<AddressRange> read_addresses(std::string_view text, bool& damaged);

std::string percents_text(std::span<const std::uint32_t> values);
std::vector<std::uint32_t> read_percents(std::string_view text, bool& damaged);

using ListsByName = std::map<std::string, std::vector<std::string>>;
std::string lists_text(const ListsByName& values);
ListsByName read_lists(std::string_view text, bool& damaged);

// An enumerator's text, and back.
std::string_view text_of(OwnerKind value);
std::string_view text_of(config::Role value);
std::string_view text_of(config::Quantity value);
std::string_view text_of(config::BudgetUnit value);
std::string_view text_of(config::BudgetAlignment value);
std::string_view text_of(config::OnExceeded value);
void read_text(std::string_view text, OwnerKind& value, bool& damaged);
void read_text(std::string_view text, config::Role& value, bool& damaged);
void read_text(std::string_view text, config::Quantity& value, bool& damaged);
void read_text(std::string_view text, config::BudgetUnit& value, bool& damaged);
void read_text(std::string_view text, config::BudgetAlignment& value, bool& damaged);
void read_text(std::string_view text, config::OnExceeded& value, bool& damaged);

}  // namespace penstock::store
